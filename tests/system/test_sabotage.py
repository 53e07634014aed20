"""The checker of test_nothing_lost.py is itself checked: it must notice a system built wrongly."""

import os
import random

import pytest

from campaign import Campaign
from stage import DECIDING, Stage

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
SEEDS = int(os.environ.get("STOCKROOM_SEEDS", "2"))
ORDERS = 3000
SECONDS = 45  # what is built wrongly may never end by itself
# What is built wrongly, and whose deaths show it.
RIGS = {
    "ack_before_commit": (DECIDING, [], [("store", "orders")] * 6),
    "no_confirms": (["gateway"], ["broker"], []),
    "no_outcomes": (DECIDING, ["orders"], []),
}


def findings_of(binaries, contract, folder, rig, seed):
    services, parts, pairs = RIGS[rig]
    stage = Stage(folder, binaries, rig=(rig, services))
    try:
        campaign = Campaign(stage, contract, seed, ORDERS, seconds_max=SECONDS)
        campaign.run(parts, 2, pairs)
        stage.wait_until_ready()
        return campaign.check(settle_seconds=10)
    finally:
        stage.end()


@pytest.mark.parametrize("rig", RIGS)
def test_a_system_that_is_built_wrongly_is_caught(binaries, contract, tmp_path, rig):
    """All kills of one seed may miss the moments in which it shows."""
    for seed in range(SEED, SEED + SEEDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        findings = findings_of(binaries, contract, folder, rig, seed)
        if findings.lost or findings.duplicated:
            return
    pytest.fail(f"not caught on {SEEDS} seeds, the last time it was {findings}")
