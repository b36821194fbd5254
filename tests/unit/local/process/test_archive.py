"""A backup's file that was changed anywhere is damaged, or reads as it was written."""

from pathlib import Path

from aicoin_local.process.backup.archive import ArchiveReader, ArchiveWriter, DamagedBackup

CONTENT = b"a part " * 3


def test_a_flipped_bit_is_found_or_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "backup.zip"
    writer = ArchiveWriter(path)
    with writer.part("redis") as part:
        part.write(CONTENT)
    manifest = writer.close({"version": "1"})
    whole, damaged = path.read_bytes(), 0
    for place in range(0, len(whole) * 8, 17):
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            reader = ArchiveReader(path)
        except DamagedBackup:
            damaged += 1
            continue
        with reader.open("redis") as part:
            assert part.read() == CONTENT
        assert reader.manifest == manifest
        reader.close()
    assert damaged > 10
