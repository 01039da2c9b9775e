"""Short texts in many languages, written for this project."""

# ruff: noqa: RUF001 - texts in other alphabets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en-us": (
            "Yesterday we took the early train to the coast. The weather was not great, "
            "but nobody minded. Can you tell me where the library is? It used to be behind "
            "the town hall, on the left. Please leave a message, and I will call you back."
        ),
        "en": (
            "Good evening, and here is the forecast. Rain will reach the north by midnight. "
            "Further south it stays dry, with a light wind. My sister keeps bees; last year "
            "she had forty jars of honey. What would you do with so much honey?"
        ),
        "de": (
            "Guten Morgen. Der Zug nach Hannover fährt heute von Gleis sieben. Haben Sie schon "
            "gefrühstückt? Wir treffen uns um halb neun vor dem Museum. Das Wetter bleibt "
            "wechselhaft, und am Abend wird es kühl."
        ),
        "fr": (
            "Bonjour à tous. La réunion commence à neuf heures dans la grande salle. "
            "Avez-vous vu mon parapluie ? Je l'ai laissé près de la porte. Demain nous irons "
            "au marché pour acheter des pommes et du fromage."
        ),
        "es": (
            "Buenas tardes. El autobús llega en cinco minutos. ¿Dónde has puesto las llaves? "
            "Mi abuela vive en un pueblo muy pequeño cerca del río. El domingo vamos a comer "
            "todos juntos en su casa."
        ),
        "it": (
            "Buongiorno, vorrei un caffè e un bicchiere d'acqua. La stazione è lontana? "
            "Bisogna girare a destra dopo il ponte. Ieri sera abbiamo parlato a lungo del "
            "lavoro e delle vacanze."
        ),
        "pt-br": (
            "Bom dia. A loja abre às dez horas e fecha às seis. Você pode me ajudar com esta "
            "caixa? Ela é muito pesada. No próximo mês vamos visitar os nossos amigos no sul."
        ),
        "ru": (
            "Добрый день. Следующая остановка находится напротив школы. Где вы купили эту "
            "книгу? Мой брат работает врачом в соседнем городе. Завтра обещают снег, поэтому "
            "выходить нужно раньше."
        ),
        "pl": (
            "Dzień dobry. Pociąg do Gdańska odjedzie z peronu trzeciego. Czy mogę otworzyć "
            "okno? W zeszłym roku spędziliśmy lato nad jeziorem. Proszę zadzwonić jutro rano."
        ),
        "tr": (
            "Günaydın. Toplantı saat onda başlıyor. Bu adres nerede, biliyor musunuz? Köprüden "
            "sonra sola dönün. Akşam yemeği için ekmek ve peynir aldım."
        ),
        "sv": (
            "God kväll. Bussen går om tio minuter från torget. Har du läst tidningen i dag? "
            "Vi bodde länge i ett rött hus vid sjön. I morgon ska jag laga fisk och potatis."
        ),
        "nl": (
            "Goedemiddag. De winkel is vandaag gesloten. Weet u hoe laat het is? Mijn buurman "
            "heeft een grote tuin met oude bomen. Morgen gaan we met de fiets naar zee."
        ),
        "el": (
            "Καλημέρα σας. Το πλοίο φεύγει στις οκτώ από το λιμάνι. Μήπως είδατε τα γυαλιά "
            "μου; Χθες μιλήσαμε για το ταξίδι. Αύριο θα κάνει πολλή ζέστη."
        ),
        "hi": (
            "नमस्ते। गाड़ी सुबह सात बजे चलती है। क्या आप मेरी मदद कर सकते हैं? मेरा घर नदी के पास है। "
            "कल हम सब बाज़ार जाएँगे।"
        ),
        "cmn": (
            "你好。火车八点从这里出发。请问图书馆在哪里?我昨天买了一本新书。明天会下雨,请带雨伞。"
        ),
        "ja": (
            "おはようございます。でんしゃはろくじにでます。"
            "としょかんはどこですか。あしたはあめがふります。"
        ),
    }
)
"""A text for each language, by espeak-ng's names."""
