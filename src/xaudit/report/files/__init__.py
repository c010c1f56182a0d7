"""Write a finished run for programs: JSON, JUnit, GitHub, Markdown and comparisons."""
