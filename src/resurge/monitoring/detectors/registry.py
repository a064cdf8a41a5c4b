"""Every rule, one line each. A new rule is a class and a line here."""

from resurge.monitoring.detectors import availability, content, host, progress
from resurge.monitoring.detectors.rule import Rule

RULES: tuple[type[Rule], ...] = (
    availability.ProcessDead,
    availability.ProcessStopped,
    availability.ProbeRefused,
    availability.ProbeTimeout,
    availability.ProbeFailed,
    availability.CanaryWrong,
    content.ContentMissing,
    content.ContentTruncated,
    content.ContentChanged,
    content.EntropyJump,
    content.ChangeBurst,
    content.TensorNotFinite,
    content.TensorFileMalformed,
    content.DatabaseDamaged,
    content.RepositoryMissing,
    content.RepositoryDamaged,
    progress.LossNotFinite,
    progress.ProgressStalled,
    progress.ProgressDiverged,
    host.DiskFull,
)


def detectors_for(component: str) -> list[Rule]:
    return [rule(component) for rule in RULES]
