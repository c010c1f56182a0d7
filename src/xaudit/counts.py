"""Counts with their nouns; the lowest room, so that every sentence can use it."""


def counted(n: int, noun: str, plural: str = "") -> str:
    """Format a count with its noun, or with other words that depend on the number.

    Example:
        >>> counted(1, "patient"), counted(1200, "patient"), counted(2, "study", "studies")
        ('1 patient', '1,200 patients', '2 studies')
        >>> counted(1, "image is a copy", "images are copies")
        '1 image is a copy'
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def counted_sentence(n: int, text: str) -> str:
    """Put a number into a sentence; the text after ``|`` is used for 1.

    Example:
        >>> counted_sentence(1, "{n} labels are lost|1 label is lost"), counted_sentence(2, "{n} labels are lost|1 label is lost")
        ('1 label is lost', '2 labels are lost')
    """
    several, _, single = text.partition("|")
    return single if single and n == 1 else several.format(n=n)
