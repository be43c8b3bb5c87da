"""Access from the time before this portal: brought in, and confirmed by its holder."""
