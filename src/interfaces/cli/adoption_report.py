"""What `doorward adopt` prints."""

import json

import click

from doorward.application.adoption.report import AdoptionReport
from doorward.infrastructure.quantity import quantity
from doorward.interfaces.cli.output import printable


def print_report(report: AdoptionReport, *, dry_run: bool) -> None:
    """Print what was done, or would be, and a line for each account of which something is to be said."""
    for name in report.new_roles:
        click.echo(f"new role: {printable(name)}")
    for renamed in report.renamed:
        still = ", and still signs in as before" if renamed.signs_in_as_before else ", which its owner must be told"
        click.echo(
            f"renamed: {printable(renamed.before)} ({printable(renamed.external_id)}) is {renamed.username}{still}"
        )
    for shown, reason in report.without_address.items():
        click.echo(f"without address: {printable(shown)}: {printable(reason)}")
    for name in report.admins:
        click.echo(f"admin: {name}")
    for refused in report.refused:
        click.echo(
            f"cannot come: {printable(refused.shown)} ({printable(refused.external_id)}): {printable(refused.reason)}"
        )
        if refused.proposal is not None:
            click.echo(f"    for the map: {json.dumps(refused.proposal)}")
    click.echo(summary(report, dry_run=dry_run))


def summary(report: AdoptionReport, *, dry_run: bool) -> str:
    """Return one line of counts."""
    came = (
        f"{quantity(report.coming, 'account')} would come" if dry_run else f"{quantity(report.adopted, 'account')} came"
    )
    parts = [came, f"{report.already} came before", f"{len(report.refused)} cannot come"]
    if report.left:
        parts.append(f"{report.left} stay by the map")
    return f"Of {report.total}: {', '.join(parts)}."


def report_object(report: AdoptionReport) -> dict[str, object]:
    """Return the report for scripts."""
    return {
        "total": report.total,
        "cameBefore": report.already,
        "coming": report.coming,
        "adopted": report.adopted,
        "staying": report.left,
        "newRoles": report.new_roles,
        "admins": report.admins,
        "renamed": [
            {
                "id": each.external_id,
                "before": each.before,
                "username": each.username,
                "signsInAsBefore": each.signs_in_as_before,
            }
            for each in report.renamed
        ],
        "withoutAddress": report.without_address,
        "refused": [
            {"id": each.external_id, "account": each.shown, "reason": each.reason, "proposal": each.proposal}
            for each in report.refused
        ],
    }
