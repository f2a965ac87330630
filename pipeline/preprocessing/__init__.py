"""From the competition's files to measured images and stored crops."""
