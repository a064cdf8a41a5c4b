"""What protection and recovery cost, by the estate's own rates.

Assumptions, each of which a report states beside its figure:

- A gigabyte is 10^9 bytes and a month is 30 days, as storage is sold.
- Everything stored at the end of the period is priced as if it had been there from its beginning: an upper
  bound, off by no more than the growth within the period.
- Bytes moved are the bytes read from components and written back to them, at one rate for every link.
- Computing is the wall-clock time that backing up, recovering and rehearsing took, at one rate.
- No free tier, no minimum, no price for a request, no tax.
"""

from dataclasses import dataclass

from resurge.estate.model import Prices

GIGABYTE_BYTES = 10**9
MONTH_SECONDS = 30 * 86_400
HOUR_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Usage:
    """What a period used. `stored_bytes` counts what all repositories hold together."""

    stored_bytes: int
    moved_bytes: int
    compute_seconds: float
    period_seconds: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Amounts of money in `currency`, unrounded: a demo's cost has its first digit far behind the point."""

    stored: float
    moved: float
    compute: float
    total: float
    currency: str


def price(usage: Usage, prices: Prices) -> Cost:
    months = usage.period_seconds / MONTH_SECONDS
    stored = usage.stored_bytes / GIGABYTE_BYTES * months * prices.stored_gb_month
    moved = usage.moved_bytes / GIGABYTE_BYTES * prices.moved_gb
    compute = usage.compute_seconds / HOUR_SECONDS * prices.compute_hour
    return Cost(stored=stored, moved=moved, compute=compute, total=stored + moved + compute, currency=prices.currency)
