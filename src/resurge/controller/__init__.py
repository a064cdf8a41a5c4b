"""The long-running service: schedules, intake, jobs, and one incident from signal to proof."""
