"""Words to sound: what telephones are told, who have no page to show it."""
