"""What endpoints are given, by the name of their parameter."""

from typing import TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from merpati.api.gateway import Gateway
from merpati.api.v1.once import Once
from merpati.api.v1.principal import Principal

TheGateway: TypeAlias = NamedDependency[SkipValidation[Gateway]]
"""As `gateway`: what the endpoints stand on."""
ThePrincipal: TypeAlias = NamedDependency[SkipValidation[Principal]]
"""As `principal`: who asks. Not for endpoints that are open."""
TheOnce: TypeAlias = NamedDependency[SkipValidation[Once]]
"""As `once`: the call's `Idempotency-Key`. For POST endpoints that are not open."""
