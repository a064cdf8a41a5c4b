"""Breaks the demo's service, as a process of its own that shares nothing with Resurge but the service itself.

    python -m resurge.demo.injector --service DIR --repository DIR --seed N --seconds S --log FILE

Order, times and details are drawn from the seed. Each injection is one JSON line of the log:
`{"fault", "event", "target", "at", "detail"}`, where `event` is `injected` (`at`: just before it acted),
`followed` (what came of a fault that goes on after its injection) or `not-injected` (its target was not there
in time).
"""
