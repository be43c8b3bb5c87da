"""From a link to the bytes: what is checked and recorded, where the bytes come from, and how they are cut."""
