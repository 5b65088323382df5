package dev.azimuth.kernels.emulator;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.zip.CRC32C;

/**
 * The host's side of a copy under way. Until the copy is awaited, the host must neither change what
 * goes to the device nor read or write what comes from it; what comes is poison up to then.
 */
final class HostCopy {
  private static final byte POISON = (byte) 0xFF; // as float32 and float64, a NaN

  private final MemorySegment segment;
  private final long checksum;

  private HostCopy(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("the driver copies from and to native memory only");
    }
    this.segment = segment;
    this.checksum = checksumNow();
  }

  static HostCopy from(MemorySegment segment) {
    return new HostCopy(segment);
  }

  static HostCopy to(MemorySegment segment) {
    segment.fill(POISON);
    return new HostCopy(segment);
  }

  /** Whether the host kept its hands off. */
  boolean untouched() {
    return segment.scope().isAlive() && checksumNow() == checksum;
  }

  boolean alive() {
    return segment.scope().isAlive();
  }

  boolean overlaps(MemorySegment other) {
    return segment.asOverlappingSlice(other).isPresent();
  }

  void read(byte[] to, int offset) {
    MemorySegment.copy(
        segment, ValueLayout.JAVA_BYTE, 0, to, offset, Math.toIntExact(segment.byteSize()));
  }

  void write(byte[] from, int offset) {
    MemorySegment.copy(
        from, offset, segment, ValueLayout.JAVA_BYTE, 0, Math.toIntExact(segment.byteSize()));
  }

  private long checksumNow() {
    CRC32C sum = new CRC32C();
    sum.update(segment.asByteBuffer());
    return sum.getValue();
  }
}
