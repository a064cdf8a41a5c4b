"""Where everything of the service lies, below one folder."""

import json
from dataclasses import dataclass
from pathlib import Path

LABELS = "labels.csv"
CHECKPOINTS = "step-*.safetensors"  # a file still being written starts with a dot, and so matches nothing


@dataclass(frozen=True, slots=True)
class Layout:
    folder: Path

    @property
    def settings(self) -> Path:
        return self.folder / "settings.json"

    @property
    def dataset(self) -> Path:
        return self.folder / "dataset"

    @property
    def database(self) -> Path:
        return self.folder / "metadata.db"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def model(self) -> Path:
        return self.models / "digits.safetensors"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def progress(self) -> Path:
        return self.run / "progress.jsonl"

    @property
    def canary_request(self) -> Path:
        return self.folder / "canary" / "request.json"

    @property
    def canary_answers(self) -> Path:
        return self.folder / "canary" / "answers.json"

    def pid_file(self, program: str) -> Path:
        return self.run / f"{program}.pid"

    def seed(self) -> int:
        """What `prepare` was given; 0 for a folder that was never prepared."""
        try:
            return int(json.loads(self.settings.read_text())["seed"])
        except FileNotFoundError:
            return 0
