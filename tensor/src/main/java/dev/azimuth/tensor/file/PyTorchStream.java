package dev.azimuth.tensor.file;

import dev.azimuth.tensor.file.Pickled.Dict;
import dev.azimuth.tensor.file.Pickled.Huge;
import dev.azimuth.tensor.file.Pickled.Items;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.file.Path;

/**
 * PyTorch's legacy stream, from before the zip: five pickles (a magic number, the format's version,
 * the writing machine, the objects, the keys of the storages in their order), then of each storage
 * its number of values and their bytes. Source: {@code torch/serialization.py} ({@code
 * _legacy_load}).
 */
final class PyTorchStream {
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long VERSION = 1001;
  private static final int PICKLE = 0x80;

  private PyTorchStream() {}

  /** Whether a file begins with a pickle of protocol 2 or later. */
  static boolean begins(MemorySegment whole) {
    return whole.byteSize() > 0 && (whole.get(ElementType.BYTE, 0) & 0xFF) == PICKLE;
  }

  /**
   * Reads the pickles; of the storages only where they are.
   *
   * @throws FileFormatException if the stream is malformed or truncated, or a pickle is refused
   */
  static Object read(Path file, MemorySegment whole, MemoryBudget budget)
      throws FileFormatException {
    PickleInput in = new PickleInput(file, "PyTorch stream", whole, budget);
    TorchObjects.Keys keys =
        (key, type, length) -> {
          if (length > whole.byteSize()) {
            throw in.refuse(
                "storage %s of %d bytes is larger than the file".formatted(Quoted.of(key), length));
          }
          return new StorageBytes(type, length);
        };
    TorchObjects objects = new TorchObjects(in, whole.byteSize(), keys);
    if (!(PickleMachine.load(in, objects) instanceof Huge magic) || !MAGIC.equals(magic.value())) {
      throw new FileFormatException(
          file, "not a PyTorch checkpoint: a pickle without PyTorch's magic number");
    }
    if (!(PickleMachine.load(in, objects) instanceof Long version) || version != VERSION) {
      throw in.refuse("unknown version of the format; %d is read".formatted(VERSION));
    }
    if (!(PickleMachine.load(in, objects) instanceof Dict machine)
        || !Boolean.TRUE.equals(machine.get("little_endian"))) {
      throw in.refuse("its numbers are not little-endian");
    }
    Object root = PickleMachine.load(in, objects);
    if (!(PickleMachine.load(in, objects) instanceof Items order)) {
      throw in.refuse("malformed: a list of storages expected");
    }
    for (int i = 0; i < order.size(); i++) {
      arrive(in, objects, order.get(i));
    }
    for (var key : objects.found().entrySet()) {
      if (!key.getValue().arrived()) {
        throw in.refuse("storage " + Quoted.of(key.getKey()) + " is not in the file");
      }
    }
    return root;
  }

  private static void arrive(PickleInput in, TorchObjects objects, Object key)
      throws FileFormatException {
    StorageBytes bytes = key instanceof String name ? objects.found().get(name) : null;
    if (bytes == null || bytes.arrived()) {
      throw in.refuse("malformed: a storage that no object refers to, or twice the same");
    }
    long count = in.i8();
    int width = bytes.type().bytes();
    if (count < 0 || count > bytes.length() / width || count * width != bytes.length()) {
      throw in.refuse(
          "storage %s has %s values; its tensors expect %d bytes"
              .formatted(Quoted.of(key.toString()), Long.toUnsignedString(count), bytes.length()));
    }
    bytes.arrive(in.slice(bytes.length()));
  }
}
