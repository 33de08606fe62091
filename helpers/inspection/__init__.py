"""Look inside a trained or untrained recurrent Keras model.

`gradient_reach` and `jacobian_spectrum` tell how far its gradient reaches back, `gates` what its gates do at
each token, `intervene` what it would have answered with a gate held or a unit silenced, and `attribution` which
tokens an answer rests on.
"""

from helpers.inspection.gradients import gradient_reach, jacobian_spectrum
from helpers.inspection.interventions import intervene
from helpers.inspection.relevance import attribution
from helpers.inspection.traces import gates

__all__ = ["attribution", "gates", "gradient_reach", "intervene", "jacobian_spectrum"]
