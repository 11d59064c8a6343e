"""What the job does, apart from how it is started."""

import logging
from dataclasses import dataclass
from datetime import datetime

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One run of a job. A run that is tried again has the same name and time."""

    name: str
    scheduled: datetime


def run(job: Job) -> None:
    """Do the work; raise if it should be tried again."""
    logger.info("Ran %s, scheduled for %s", job.name, job.scheduled.isoformat())
