"""Pages from stored tables: each section gathers plain values, a template lays them out."""
