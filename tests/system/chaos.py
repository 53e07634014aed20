"""Kills the parts of a system at points drawn from a seed, and starts them again."""

import dataclasses
import random
import threading
import time

from stage import LocalError

SLACK = 400  # orders that may be begun past the point of a kill, so that it finds all at work


@dataclasses.dataclass
class Kill:
    point: int  # when so many orders are settled
    parts: list  # killed one right after the other
    down_seconds: float  # until they are started again
    done: bool = False

    def __str__(self):
        return f"{'+'.join(self.parts)}@{self.point} ({self.down_seconds:.1f} s)"


def draw_kills(seed, orders, parts, times, pairs=()):
    """Each part alone so many times, and each pair at once, in a drawn order at drawn points."""
    dice = random.Random(f"{seed}/kills")
    victims = [[part] for part in parts for _ in range(times)] + [list(pair) for pair in pairs]
    dice.shuffle(victims)
    points = sorted(dice.sample(range(32, max(orders - SLACK, 33 + len(victims))), len(victims)))
    return [Kill(point, parts, dice.uniform(0, 1)) for point, parts in zip(points, victims)]


class Chaos(threading.Thread):
    """Does the kills while the crowd is at it, as long as the crowd has time. Each finds the system whole
    and the crowd busy. `system` has kill(part), start(part) and wait_until_ready()."""

    def __init__(self, system, crowd, kills):
        super().__init__(name="chaos", daemon=True)
        self.system, self.crowd, self.kills, self.failure = system, crowd, kills, None
        crowd.set_limit(kills[0].point + SLACK)

    def run(self):
        try:
            for kill in self.kills:
                try:
                    self.system.wait_until_ready(max(self.crowd.seconds_left(), 1))
                except LocalError:
                    if self.crowd.seconds_left():
                        raise
                    return
                self.crowd.set_limit(kill.point + SLACK)
                if not self.crowd.wait_until_settled(kill.point):
                    return
                for part in kill.parts:
                    self.system.kill(part)
                time.sleep(kill.down_seconds)
                for part in kill.parts:
                    self.system.start(part)
                kill.done = True
        except Exception as error:  # told by the test's own thread
            self.failure = error
        finally:
            self.crowd.set_limit(self.crowd.orders)

    def finish(self):
        self.join()
        if self.failure:
            raise self.failure
