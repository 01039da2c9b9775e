"""Everything on one machine: an embedded Valkey, and the processes around it."""
