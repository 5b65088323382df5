package dev.azimuth.tensor.file;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one key of a checkpoint. In the legacy stream they come after the objects that refer
 * to them, so that they are known by their length first.
 */
final class StorageBytes {
  private final StorageType type;
  private final long length;
  private @Nullable MemorySegment bytes;

  /** Bytes still to come. */
  StorageBytes(StorageType type, long length) {
    this.type = type;
    this.length = length;
  }

  /** The type under which it was first named. */
  StorageType type() {
    return type;
  }

  long length() {
    return length;
  }

  /** Whether {@link #arrive} was called. */
  boolean arrived() {
    return bytes != null;
  }

  void arrive(MemorySegment found) {
    assert found.byteSize() == length;
    bytes = found;
  }

  /** The part that is a storage; it lies within. */
  MemorySegment slice(Pickled.Storage storage) {
    if (bytes == null) {
      throw new IllegalStateException("the storage's bytes have not arrived");
    }
    return bytes.asSlice(storage.begin(), storage.length());
  }
}
