"""Which of our languages a browser prefers."""

from merpati.locale import LANGUAGES


def preferred(accepted: str) -> str:
    """The best of ours in an Accept-Language header. Equal weights: the one named first."""
    ranges = [part.strip().lower().partition(";") for part in accepted.split(",")]
    weighed = [(_weight(parameter), spoken.split("-")[0].strip()) for spoken, _, parameter in ranges]
    ours = [(weight, spoken) for weight, spoken in weighed if spoken in LANGUAGES and weight > 0]
    return max(ours, key=lambda one: one[0])[1] if ours else LANGUAGES[0]


def _weight(parameter: str) -> float:
    try:
        return float(parameter.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0
