"""The forms of staff pages. They check what is typed; donations/staff checks who someone is."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Email, Length, ValidationError

from donations.models.staff import ROLES

NAME_LENGTH, EMAIL_LENGTH = 100, 254


def _one_line(text: str | None) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text or "").split())


class StaffForm(FlaskForm):  # type: ignore[misc]
    """A form of a page that knows a session. `refusal` is what is wrong with the whole of it."""

    refusal: str | None = None

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Every error as (id of the field, sentence), in the order of the fields."""
        found = [("main", self.refusal)] if self.refusal else []
        return found + [(name, error) for name, field in self._fields.items() for error in field.errors]


class AddressForm(StaffForm):
    email = StringField(
        filters=[_one_line],
        validators=[
            DataRequired(_l("Enter your email address.")),
            Length(max=EMAIL_LENGTH, message=_l("This email address is too long. Check the address.")),
        ],
    )


class SignInForm(AddressForm):
    password = PasswordField(validators=[DataRequired(_l("Enter your password."))])


class CodeForm(StaffForm):
    """A code of an app that is being set up."""

    code = StringField(filters=[_one_line], validators=[DataRequired(_l("Enter the code that your app shows."))])


class SecondForm(StaffForm):
    """The second factor: a code of the app, a recovery code in the same field, or what a passkey answered."""

    code = StringField(filters=[_one_line])
    credential = StringField()

    def validate_code(self, field: Field) -> None:
        if not field.data and not self.credential.data:
            raise ValidationError(_l("Enter the code that your app shows."))


class AgainForm(StaffForm):
    """Both proofs once more; the second only from who has one."""

    password = PasswordField(validators=[DataRequired(_l("Enter your password."))])
    code = StringField(filters=[_one_line])
    credential = StringField()


class PasskeyForm(StaffForm):
    """A passkey that a browser made, and what its person calls it."""

    name = StringField(filters=[_one_line], validators=[Length(max=NAME_LENGTH)])
    credential = StringField(validators=[DataRequired()])


class NewPasswordForm(StaffForm):
    password = PasswordField(validators=[DataRequired(_l("Enter a password."))])


class ChangePasswordForm(NewPasswordForm):
    """Who changes a password knows the one there is: a browser left open for a moment is not enough."""

    current_password = PasswordField(validators=[DataRequired(_l("Enter your current password."))])


class JoinForm(NewPasswordForm):
    name = StringField(
        filters=[_one_line],
        validators=[Length(max=NAME_LENGTH, message=_l("This name is too long. Enter at most 100 characters."))],
    )


class RolesForm(StaffForm):
    roles = SelectMultipleField(
        choices=list(ROLES),
        validators=[DataRequired(_l("Select at least one role."))],
    )


class InvitationForm(RolesForm):
    email = StringField(
        filters=[_one_line],
        validators=[
            DataRequired(_l("Enter the email address of the person you are inviting.")),
            Length(max=EMAIL_LENGTH, message=_l("This email address is too long. Check the address.")),
            Email(message=_l("Enter an email address in the correct format, like name@example.org.")),
        ],
    )
