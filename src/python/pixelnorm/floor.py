# SPDX-License-Identifier: LGPL-2.1-or-later
"""How much of a picture min_deviation rules: whose deviation, or what else the method divides by, is less
(src/normalize/floor.c)."""
from typing import NamedTuple

import numpy

from .coefficients import method_input, profile_inputs

MOST = 0.5


class Channel(NamedTuple):
    n_counted: int = 0
    n_ruled: int = 0
    divisor: float = 0.0    # in code values; of scope pixel that of one sample
    n_still: int = 0        # of a divisor of 0

    @property
    def share(self):
        return self.n_ruled / self.n_counted if self.n_ruled else 0.0


def measure(settings, profile, dark=None):
    """A Channel for each of the profile. Samples that were never counted do not count here."""
    channels, row = [], settings.row
    if not row.divisor:
        return [Channel()] * len(profile.channels)
    for c, given in enumerate(profile_inputs(settings, profile, dark)):
        divisors = numpy.asarray(row.divisor(method_input(settings, 2 ** profile.depth - 1, c, *given)))
        if settings.scope == "pixel":
            divisors = divisors[profile.moments(c).count > 0]
        channels.append(Channel(divisors.size, int((divisors < settings.min_deviation).sum()), float(divisors.ravel()[-1]),
                                int((divisors == 0).sum())))
    return channels


def describe(settings, profile, found):
    """Sentences where min_deviation rules a whole channel, or most samples of the picture; else None. found: what measure() says."""
    per_pixel, named = settings.scope == "pixel", list(zip(profile.channels, found))
    n_ruled, n_counted = sum(part.n_ruled for part in found), sum(part.n_counted for part in found)
    if not any(part.share == 1 for part in found) and n_ruled <= MOST * n_counted:
        return None
    whose = f"{100 * n_ruled / n_counted:.4g} % of the samples" if per_pixel else "Whole channels"
    if per_pixel:
        what = ", ".join(f"{name} {100 * part.share:.4g} %" for name, part in named)
    else:
        what = ", ".join(f"{name} {part.divisor:.4g}" for name, part in named if part.n_ruled) + " code values"
    n_still = sum(part.n_still for part in found)
    still = f"For {100 * n_still / n_counted:.4g} % it is 0, which is less than any min_deviation. " if n_still else ""
    return (f"{whose} are divided by min_deviation={settings.min_deviation:g} instead of {settings.row.divisor_name}, which is less "
            f"({what}). {still}If differences that small matter, set min_deviation below them"
            f"{', or scope to channel' if per_pixel else ''}; if they are noise, leave it.")
