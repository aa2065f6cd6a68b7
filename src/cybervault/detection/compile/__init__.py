"""From rules to tables that are quick to ask: predicates, scanners, partitions."""
