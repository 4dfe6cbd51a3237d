"""Words that every part of the program says alike."""


def several(count: int, noun: str) -> str:
    """Say how many there are: "1 visit", "2 visits".

    Parameters
    ----------
    count : int
    noun : str
        One of them; many are called the same with an s.
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
