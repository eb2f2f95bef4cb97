"""`python -m provision PACKAGE… --into DIR [--suite S]`: packages and all they need in a private folder."""

from __future__ import annotations

from pathlib import Path

import click

from provision.debian import unpack, versions
from provision.errors import ProvisionError


@click.command()
@click.argument("packages", nargs=-1, required=True)
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to fill."
)
@click.option("--suite", default=None, help="Debian suite (forky, sid …); this machine's own when left out.")
def main(packages: tuple[str, ...], into: Path, suite: str | None) -> None:
    """Unpack Debian PACKAGES with all they need below a folder; the host stays as it is."""
    try:
        folder = unpack(packages, into, suite=suite, progress=lambda line: click.echo(line, err=True))
    except ProvisionError as error:
        raise click.ClickException(str(error)) from error
    found = versions(folder)
    for name in packages:
        click.echo(f"{name} {found.get(name, '')}\t{folder}")


if __name__ == "__main__":
    main()
