"""The checker of test_nothing_lost.py is itself checked: it must notice a system built wrongly."""

import os
import random

import pytest

from campaign import Campaign
from stage import DECIDING, Stage

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
ORDERS = 3000
SECONDS = 45  # what is built wrongly may never end by itself
# What is built wrongly, and whose deaths show it.
RIGS = {
    "ack_before_commit": (DECIDING, [], [("store", "orders")] * 3),
    "no_confirms": (["gateway"], ["broker"], []),
    "no_outcomes": (DECIDING, ["orders"], []),
}


@pytest.mark.parametrize("rig", RIGS)
def test_a_system_that_is_built_wrongly_is_caught(binaries, contract, tmp_path, rig):
    services, parts, pairs = RIGS[rig]
    stage = Stage(tmp_path, binaries, rig=(rig, services))
    try:
        campaign = Campaign(stage, contract, SEED, ORDERS, seconds_max=SECONDS)
        campaign.run(parts, 1, pairs)
        findings = campaign.check(settle_seconds=10)
        assert findings.lost or findings.duplicated, findings
    finally:
        stage.end()
