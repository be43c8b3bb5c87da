"""New terms for access that runs: what the steward decided, whom it asks, and what each holder answered."""
