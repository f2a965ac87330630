"""Who is held out: folds that never split a person, and the proofs of it. No disk, no printing."""
