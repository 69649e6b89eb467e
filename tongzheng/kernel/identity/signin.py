"""Signing in and out, second factors and passwords, with guessing made slow."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import pyotp
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.http import HttpRequest

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing, Refused, SignInNeeded, Throttled
from tongzheng.kernel.core.sealing import blind, seal, unseal
from tongzheng.kernel.core.text import T
from tongzheng.kernel.ledger.api import append

from . import policy, sessions
from .actors import require
from .models import Account, Policy, Throttle
from .passwords import ADDRESS_FAILURES, Attempts, attempt, forgiven, password_slip
from .places import common_passwords
from .throttling import address_of
from .views import Actor

WRONG = T("用户名或口令不正确", "The user name or the password is wrong")
WRONG_CODE = T("动态口令不正确，或已经用过", "The code is wrong or has been used")
CODE_FOR, CODE_SECONDS = "code_for", 300


@dataclass(frozen=True, slots=True)
class SignIn:
    """How far a sign-in has come. `step`: "done", or "code" if a one-time code is still asked."""

    step: str
    account_id: int


def sign_in(*, request: HttpRequest, username: str, password: str) -> SignIn:
    """Check a user name and password and make the browser's session theirs, or ask for the second factor.

    Raises Invalid (wrong, the same words and the same time whether or not the account exists) and Throttled
    (too many failures of this name or from this address, existing or not).
    """
    name = username.replace("\0", "").strip().lower()[:80]
    name_key, address_key = blind(name, use="sign-in.name"), blind(address_of(request), use="sign-in.address")
    rules = policy.numbers()
    _count(address_key, limit=ADDRESS_FAILURES, minutes=rules["lock_minutes"])
    locks = _count(name_key, limit=rules["account_failures"], minutes=rules["lock_minutes"])
    account = Account.objects.filter(username=name).first()
    good = check_password(password[:512], account.password if account else _nobodys_password())
    if account is None or not good or not account.is_active:
        append(
            act="identity.lock" if locks else "identity.sign_in_failed",
            subject=f"identity.account:{account.pk}" if account else "identity.account",
            actor=None,
            label="",
            body={"name": name_key.hex(), "address": address_key.hex()},
        )
        raise Invalid(WRONG, fields={"password": WRONG})
    _forgive(address_key, limit=ADDRESS_FAILURES)
    if account.totp_since is not None:
        request.session.cycle_key()
        request.session[CODE_FOR] = [account.pk, int(clock.now().timestamp())]
        return SignIn("code", account.pk)
    _succeed(request, account, name_key, factor="password")
    return SignIn("done", account.pk)


def verify_code(*, request: HttpRequest, code: str) -> SignIn:
    """Finish a sign-in with a one-time code or a recovery code (which is used up).

    Raises SignInNeeded when no password was given in the last five minutes, Invalid, Throttled.
    """
    account = awaiting(request)
    if account is None:
        raise SignInNeeded(T("请重新输入用户名和口令", "Please give your user name and password again"))
    rules = policy.numbers()
    key = blind(str(account.pk), use="sign-in.code")
    _count(key, limit=rules["account_failures"], minutes=rules["lock_minutes"])
    if not (factor := _use_code(account, code)):
        append(
            act="identity.code_failed",
            subject=f"identity.account:{account.pk}",
            actor=None,
            label="",
            body={"address": blind(address_of(request), use="sign-in.address").hex()},
        )
        raise Invalid(WRONG_CODE, fields={"code": WRONG_CODE})
    Throttle.objects.filter(key=key).delete()
    request.session.pop(CODE_FOR, None)
    _succeed(request, account, blind(account.username, use="sign-in.name"), factor=factor)
    return SignIn("done", account.pk)


def awaiting(request: HttpRequest) -> Account | None:
    """Return the account whose password was right a moment ago and whose code is awaited, or None."""
    id, since = request.session.get(CODE_FOR) or (None, 0)
    if id is None or int(clock.now().timestamp()) - since > CODE_SECONDS:
        return None
    return Account.objects.filter(pk=id, is_active=True, totp_since__isnull=False).first()


def sign_out(*, request: HttpRequest, actor: Actor) -> None:
    """End the browser's session and record it."""
    if actor.signed_in:
        append(
            act="identity.sign_out",
            subject=f"identity.account:{actor.id}",
            actor=actor.id,
            label=actor.label,
            body={},
        )
    request.session.flush()


def change_password(*, request: HttpRequest, actor: Actor, old: str, new: str) -> None:
    """Change one's own password; every other session of the account ends. Raises Invalid, Throttled, SignInNeeded."""
    if actor.id is None:
        raise SignInNeeded()
    rules = policy.numbers()
    key = blind(str(actor.id), use="sign-in.old")
    _count(key, limit=rules["account_failures"], minutes=rules["lock_minutes"])
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=actor.id)
        if not check_password(old[:512], account.password):
            raise Invalid(fields={"old": T("原口令不正确", "The present password is wrong")})
        slip = password_slip(new, username=account.username, common=common_passwords())
        if slip is None and new == old:
            slip = T("新口令不能与原口令相同", "The new password must differ from the present one")
        if slip is not None:
            Throttle.objects.filter(key=key).delete()
            raise Invalid(fields={"new": slip})
        _set_password(account, new, must_change=False)
        append(
            act="identity.change_password",
            subject=f"identity.account:{actor.id}",
            actor=actor.id,
            label=actor.label,
            body={},
        )
        Throttle.objects.filter(key=key).delete()
    sessions.begin(request, account)


def reset_password(*, actor: Actor, account_id: int, password: str) -> None:
    """Give an account a first password, to be changed at the next sign-in; its sessions end and it is unlocked.

    Raises Refused without identity.accounts or for one's own account, Missing, Invalid.
    """
    require(actor, "identity.accounts")
    if actor.id == account_id:
        raise Refused(T("请用“修改口令”", "Change your own password instead"))
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(pk=account_id).first()
        if account is None:
            raise Missing()
        if slip := password_slip(password, username=account.username, common=common_passwords()):
            raise Invalid(fields={"password": slip})
        _set_password(account, password, must_change=True)
        Throttle.objects.filter(key=blind(account.username, use="sign-in.name")).delete()
        append(
            act="identity.reset_password",
            subject=f"identity.account:{account_id}",
            actor=actor.id,
            label=actor.label,
            body={},
        )


def unlock(*, actor: Actor, account_id: int) -> None:
    """Lift the lock that failed sign-ins have put on an account. Raises Refused without identity.accounts, Missing."""
    require(actor, "identity.accounts")
    with transaction.atomic():
        account = Account.objects.filter(pk=account_id).first()
        if account is None:
            raise Missing()
        Throttle.objects.filter(key=blind(account.username, use="sign-in.name")).delete()
        append(
            act="identity.unlock",
            subject=f"identity.account:{account_id}",
            actor=actor.id,
            label=actor.label,
            body={},
        )


def new_secret() -> str:
    """Return a fresh secret for one-time codes (base32, 160 bits)."""
    return pyotp.random_base32(32)


def totp_address(secret: str, username: str) -> str:
    """Return the otpauth address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Tongzheng")


def enrol_totp(*, actor: Actor, secret: str, code: str) -> tuple[str, ...]:
    """Bind one-time codes to one's account once the first code proves the device; return ten recovery codes.

    The recovery codes are shown this once; only their hashes are kept. Raises Invalid for a wrong code, Refused
    if codes are bound already (the security administrator lifts them), SignInNeeded.
    """
    if actor.id is None:
        raise SignInNeeded()
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=actor.id)
        if account.totp_since is not None:
            raise Refused(T("已绑定动态口令", "One-time codes are already set up"))
        step = _step_of(secret, code)
        if step is None:
            raise Invalid(fields={"code": WRONG_CODE})
        codes = tuple(f"{secrets.randbelow(10**5):05d}-{secrets.randbelow(10**5):05d}" for _ in range(10))
        account.totp_sealed = seal(secret, use="account.totp")
        account.totp_since, account.totp_step = clock.now(), step
        account.recovery = [_recovery_hash(account.pk, one) for one in codes]
        account.save(update_fields=["totp_sealed", "totp_since", "totp_step", "recovery"])
        append(
            act="identity.enrol_totp",
            subject=f"identity.account:{actor.id}",
            actor=actor.id,
            label=actor.label,
            body={},
        )
    return codes


def lift_totp(*, actor: Actor, account_id: int) -> None:
    """Unbind the one-time codes of an account whose device is lost. Raises Refused, Missing.

    It takes two administrators to take over an account: this one lifts codes, the other resets passwords.
    """
    require(actor, "identity.policy")
    if actor.id == account_id:
        raise Refused(T("不能解除自己的动态口令", "You cannot lift your own codes"))
    with transaction.atomic():
        done = Account.objects.filter(pk=account_id, totp_since__isnull=False).update(
            totp_sealed=b"", totp_since=None, recovery=[]
        )
        if not done:
            raise Missing(T("这个账号没有绑定动态口令", "No one-time codes are set up on this account"))
        append(
            act="identity.lift_totp",
            subject=f"identity.account:{account_id}",
            actor=actor.id,
            label=actor.label,
            body={},
        )


def set_policy(*, actor: Actor, name: str, value: int) -> None:
    """Set one number of the security policy. Raises Refused without identity.policy, Invalid out of bounds."""
    require(actor, "identity.policy")
    number = next((n for n in policy.NUMBERS if n.name == name), None)
    if number is None:
        raise Missing()
    if not number.least <= value <= number.most:
        raise Invalid(
            fields={
                name: T("应在 {least} 至 {most} 之间", "Between {least} and {most}").fill(
                    least=number.least, most=number.most
                )
            }
        )
    with transaction.atomic():
        before = policy.numbers()[name]
        if before == value:
            return
        Policy.objects.update_or_create(name=name, defaults={"value": value})
        append(
            act="identity.set_policy",
            subject=f"identity.policy:{name}",
            actor=actor.id,
            label=actor.label,
            body={"before": before, "after": value},
        )


def sweep(limit: int = 1000) -> int:
    """Forget attempts that no longer count; return how many rows went."""
    old = clock.now() - timedelta(days=2)
    keys = list(Throttle.objects.filter(last__lt=old).values_list("key", flat=True)[:limit])
    return Throttle.objects.filter(key__in=keys).delete()[0] if keys else 0


@contextmanager
def slowed(request: HttpRequest, use: str, *, limit: int = ADDRESS_FAILURES) -> Iterator[None]:
    """Let something open to the public be tried from one address so many times; what succeeds does not count.

    Raises Throttled.
    """
    key = blind(address_of(request), use=use)
    _count(key, limit=limit, minutes=policy.MINUTES.default)
    yield
    _forgive(key, limit=limit)


def _count(key: bytes, *, limit: int, minutes: int) -> bool:
    """Count an attempt as failed before it is judged; tell whether it locks. Raises Throttled while locked."""
    now = clock.now()
    with transaction.atomic():
        Throttle.objects.bulk_create([Throttle(key=key, last=now)], ignore_conflicts=True)
        row = Throttle.objects.select_for_update().get(pk=key)
        after, allowed = attempt(
            Attempts(row.failures, row.until, row.last),
            limit=limit,
            now=now,
            first=timedelta(minutes=minutes),
        )
        if allowed:
            Throttle.objects.filter(pk=key).update(
                failures=after.failures, until=after.until, last=after.last or now
            )
    if not allowed and after.until is not None:
        raise Throttled(
            T("失败次数过多，请在 {time} 后再试", "Too many failures; try again after {time}").fill(
                time=f"{after.until.astimezone(clock.CHINA):%m-%d %H:%M}"
            ),
            wait=max(1, int((after.until - now).total_seconds()) + 1),
        )
    return after.until is not None


def _forgive(key: bytes, *, limit: int) -> None:
    with transaction.atomic():
        row = Throttle.objects.select_for_update().filter(pk=key).first()
        if row is not None:
            after = forgiven(Attempts(row.failures, row.until, row.last), limit=limit)
            Throttle.objects.filter(pk=key).update(failures=after.failures, until=after.until)


def _succeed(request: HttpRequest, account: Account, name_key: bytes, *, factor: str) -> None:
    with transaction.atomic():
        Throttle.objects.filter(key=name_key).delete()
        Account.objects.filter(pk=account.pk).update(last_login=clock.now())
        append(
            act="identity.sign_in",
            subject=f"identity.account:{account.pk}",
            actor=account.pk,
            label=account.label,
            body={"factor": factor},
        )
    sessions.begin(request, account)


def _set_password(account: Account, password: str, *, must_change: bool) -> None:
    account.password, account.password_changed_at = make_password(password), clock.now()
    account.must_change = must_change
    account.save(update_fields=["password", "password_changed_at", "must_change"])


def _use_code(account: Account, code: str) -> str:
    step = _step_of(unseal(account.totp_sealed, use="account.totp"), code)
    if step is not None:
        used = Account.objects.filter(pk=account.pk, totp_step__lt=step).update(totp_step=step)
        return "totp" if used else ""
    hashed = _recovery_hash(account.pk, code)
    with transaction.atomic():
        row = Account.objects.select_for_update().get(pk=account.pk)
        if hashed not in row.recovery:
            return ""
        row.recovery.remove(hashed)
        row.save(update_fields=["recovery"])
    return "recovery"


def _step_of(secret: str, code: str) -> int | None:
    """Return the 30-second step, now or one to either side, whose code this is; None for a wrong one."""
    plain = "".join(code.split())
    now = int(clock.now().timestamp()) // 30
    totp = pyotp.TOTP(secret)
    found = None
    for step in (now - 1, now, now + 1):
        if plain.isascii() and secrets.compare_digest(totp.generate_otp(step), plain):
            found = step
    return found


def _recovery_hash(account_id: int, code: str) -> str:
    plain = "".join(c for c in code if c.isdigit())
    derived = hashlib.scrypt(
        plain.encode(), salt=f"recovery:{account_id}".encode(), n=2**12, r=8, p=1, dklen=24
    )
    return base64.b64encode(derived).decode()


@lru_cache(maxsize=1)
def _nobodys_password() -> str:
    return make_password(secrets.token_hex(16))
