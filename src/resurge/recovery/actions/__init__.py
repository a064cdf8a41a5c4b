"""The registry of actions: every step of a plan names one of these."""

from collections.abc import Mapping

from resurge.recovery.actions.after_restore import run_after_restore
from resurge.recovery.actions.back_up import back_up
from resurge.recovery.actions.prove import prove
from resurge.recovery.actions.quarantine import quarantine
from resurge.recovery.actions.rebuild import rebuild
from resurge.recovery.actions.restore import restore
from resurge.recovery.actions.start import start
from resurge.recovery.actions.stop import stop
from resurge.recovery.context import Action

ACTIONS: Mapping[str, Action] = {
    "after-restore": run_after_restore,
    "backup": back_up,
    "prove": prove,
    "quarantine": quarantine,
    "rebuild": rebuild,
    "restore": restore,
    "start": start,
    "stop": stop,
}
