"""Draw this folder's images and tables again from their seeds."""

from pathlib import Path

from cctrack.study.draw_sample import write_sample

if __name__ == "__main__":
    write_sample(Path(__file__).parent)
