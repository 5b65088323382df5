package dev.azimuth.tensor.file;

import dev.azimuth.tensor.file.Pickled.Bytes;
import dev.azimuth.tensor.file.Pickled.Compiled;
import dev.azimuth.tensor.file.Pickled.Dict;
import dev.azimuth.tensor.file.Pickled.Global;
import dev.azimuth.tensor.file.Pickled.Items;
import dev.azimuth.tensor.file.Pickled.None;
import dev.azimuth.tensor.file.Pickled.Storage;
import dev.azimuth.tensor.file.Pickled.Stub;
import dev.azimuth.tensor.file.Pickled.View;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint's pickle may call: the functions that PyTorch puts tensors together with, and
 * containers. All else gives a stub.
 *
 * <p>A tensor's extents, strides and offset are checked against its storage here, and a storage
 * against the file. Source: {@code torch/_utils.py} ({@code _rebuild_*}) and {@code
 * torch/serialization.py} ({@code persistent_load}).
 */
final class TorchObjects implements PickleMachine.Calls {
  /** A tensor may have this many bytes in any file: the same few values expanded along an axis. */
  private static final long SMALL_BYTES = 16 << 20;

  /** How the modules of classes that TorchScript compiled begin. */
  private static final String COMPILED = "__torch__.";

  private static final Stub UNKNOWN = new Stub("a persistent object");

  /** Where the bytes of a storage come from. */
  interface Keys {
    /**
     * The bytes of a key that was not asked for before.
     *
     * @throws FileFormatException if the file can't have as many
     */
    StorageBytes find(String key, StorageType type, long length) throws FileFormatException;
  }

  private final PickleInput in;
  private final long fileBytes;
  private final Keys keys;
  private final SequencedMap<String, StorageBytes> found = new LinkedHashMap<>();

  /**
   * @param in for messages, and for the memory
   * @param fileBytes the size of the whole file
   */
  TorchObjects(PickleInput in, long fileBytes, Keys keys) {
    this.in = in;
    this.fileBytes = fileBytes;
    this.keys = keys;
  }

  /** The bytes of all keys that the pickle named, in the order of their naming. */
  SequencedMap<String, StorageBytes> found() {
    return found;
  }

  @Override
  public Object call(Global callee, Items arguments) throws FileFormatException {
    return switch (callee.toString()) {
      case "collections.OrderedDict", "collections.Counter", "builtins.dict", "__builtin__.dict" ->
          dict(arguments, 0);
      case "collections.defaultdict" -> dict(arguments, 1);
      case "collections.deque",
          "builtins.list",
          "__builtin__.list",
          "builtins.set",
          "__builtin__.set" ->
          list(arguments);
      case "_codecs.encode" ->
          new Bytes(
              arguments.size() > 0 && arguments.get(0) instanceof String text ? text.length() : 0);
      case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" ->
          view(callee, arguments, null);
      case "torch._utils._rebuild_tensor_v3" -> typedView(callee, arguments);
      case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state" ->
          arguments.size() > 0 && arguments.get(0) instanceof View view ? view : stub(callee);
      default -> callee.module().startsWith(COMPILED) ? compiled() : stub(callee);
    };
  }

  private Compiled compiled() throws FileFormatException {
    in.budget().take(2L * MemoryBudget.OBJECT);
    return new Compiled();
  }

  private Stub stub(Global callee) throws FileFormatException {
    in.budget().take(MemoryBudget.OBJECT);
    return new Stub(callee.toString());
  }

  /** A dictionary of the pairs in the argument at that place, if it is there. */
  private Dict dict(Items arguments, int place) throws FileFormatException {
    Dict dict = new Dict();
    Object source = arguments.size() > place ? arguments.get(place) : None.NONE;
    if (source instanceof Dict other) {
      for (Map.Entry<Object, Object> member : other.members().entrySet()) {
        dict.put(member.getKey(), member.getValue(), in.budget());
      }
    } else if (source instanceof Items pairs) {
      for (int i = 0; i < pairs.size(); i++) {
        if (!(pairs.get(i) instanceof Items pair) || pair.size() != 2) {
          throw in.refuse("malformed pickle: a dictionary of what are no pairs");
        }
        dict.put(pair.get(0), pair.get(1), in.budget());
      }
    }
    return dict;
  }

  private Items list(Items arguments) throws FileFormatException {
    Items list = Items.growing();
    if (arguments.size() > 0 && arguments.get(0) instanceof Items source) {
      for (int i = 0; i < source.size(); i++) {
        list.add(source.get(i), in.budget());
      }
    }
    return list;
  }

  // Storages

  @Override
  public Object load(Object persistentId) throws FileFormatException {
    if (!(persistentId instanceof Items id)
        || id.size() < 2
        || !(id.get(0) instanceof String kind)) {
      return UNKNOWN;
    }
    if (kind.equals("module") && id.get(1) instanceof Global global) {
      // a class with its source text, as torch.save wrote it before there were state dicts
      return global;
    }
    if (!kind.equals("storage") || id.size() < 5 || !(id.get(1) instanceof Global global)) {
      return UNKNOWN;
    }
    StorageType type = StorageType.ofStorage(global);
    if (type == null) {
      return stub(global);
    }
    if (!(id.get(2) instanceof String key) || !(id.get(4) instanceof Long count) || count < 0) {
      throw in.refuse("malformed storage: a key and a number of values expected");
    }
    if (count > Long.MAX_VALUE / type.bytes()) {
      throw in.refuse("storage %s of %d values".formatted(Quoted.of(key), count));
    }
    long length = count * type.bytes();
    StorageBytes bytes = found.get(key);
    if (bytes == null) {
      in.budget().take(MemoryBudget.MAP_ENTRY + 2L * MemoryBudget.OBJECT);
      bytes = keys.find(key, type, length);
      found.put(key, bytes);
    }
    if (bytes.length() != length) {
      throw in.refuse(
          "storage %s has %d bytes; a tensor's storage needs %d"
              .formatted(Quoted.of(key), bytes.length(), length));
    }
    in.budget().take(MemoryBudget.OBJECT);
    Storage whole = new Storage(type, bytes, 0, length);
    return id.size() > 5 && id.get(5) instanceof Items part ? part(whole, part) : whole;
  }

  /** A storage that is part of another: its key, offset and size in values. */
  private Storage part(Storage whole, Items part) throws FileFormatException {
    if (part.size() != 3
        || !(part.get(0) instanceof String key)
        || !(part.get(1) instanceof Long offset)
        || !(part.get(2) instanceof Long count)) {
      throw in.refuse("malformed storage: key, offset and size of a part expected");
    }
    long all = whole.length() / whole.type().bytes();
    if (offset < 0 || count < 0 || count > all || offset > all - count) {
      throw in.refuse(
          "storage %s: values from %d, %d of them, are not among the %d of another"
              .formatted(Quoted.of(key), offset, count, all));
    }
    int width = whole.type().bytes();
    return new Storage(whole.type(), whole.bytes(), offset * width, count * width);
  }

  // Tensors

  /** (storage, offset, extents, strides, ..., type, ...). */
  private Object typedView(Global callee, Items arguments) throws FileFormatException {
    StorageType type =
        arguments.size() > 6 && arguments.get(6) instanceof Global dtype
            ? StorageType.ofDtype(dtype)
            : null;
    return type == null ? stub(callee) : view(callee, arguments, type);
  }

  /** (storage, offset, extents, strides, ...), of the storage's type unless one is given. */
  private Object view(Global callee, Items arguments, @Nullable StorageType given)
      throws FileFormatException {
    if (arguments.size() > 0 && arguments.get(0) instanceof Stub) {
      return stub(callee);
    }
    if (arguments.size() < 4
        || !(arguments.get(0) instanceof Storage storage)
        || !(arguments.get(1) instanceof Long offset)
        || !(arguments.get(2) instanceof Items extents)
        || !(arguments.get(3) instanceof Items steps)
        || extents.size() != steps.size()) {
      throw in.refuse("malformed tensor: storage, offset, extents and as many strides expected");
    }
    int rank = extents.size();
    if (rank > Extents.MAX_RANK) {
      throw in.refuse("tensor of rank " + rank);
    }
    in.budget().take(3L * MemoryBudget.OBJECT + 12L * rank);
    int[] shape = new int[rank];
    long[] strides = new long[rank];
    for (int axis = 0; axis < rank; axis++) {
      if (!(extents.get(axis) instanceof Long extent)
          || !(steps.get(axis) instanceof Long stride)) {
        throw in.refuse("malformed tensor: integers expected as extents and strides");
      }
      if (extent < 0 || extent > Integer.MAX_VALUE || stride < 0) {
        throw in.refuse("tensor with extent %d and stride %d".formatted(extent, stride));
      }
      shape[axis] = extent.intValue();
      strides[axis] = stride;
    }
    StorageType type = given == null ? storage.type() : given;
    checkWithin(storage.length() / type.bytes(), type, offset, shape, strides);
    return new View(storage, type, offset, shape, strides);
  }

  private void checkWithin(long stored, StorageType type, long offset, int[] shape, long[] strides)
      throws FileFormatException {
    long count = Extents.count(shape);
    if (offset < 0 || (count != 0 && offset >= stored)) {
      throw in.refuse("tensor at offset %d of a storage of %d values".formatted(offset, stored));
    }
    if (count == 0) {
      return;
    }
    long last = offset;
    for (int axis = 0; axis < shape.length; axis++) {
      long steps = shape[axis] - 1L;
      if (steps > 0 && strides[axis] > (stored - 1 - last) / steps) {
        throw in.refuse(
            "tensor with extent %d and stride %d goes beyond its storage of %d values"
                .formatted(shape[axis], strides[axis], stored));
      }
      last += steps * strides[axis];
    }
    long limit = Math.max(fileBytes, SMALL_BYTES);
    if (count < 0 || count > limit / type.bytes()) {
      throw in.refuse(
          "tensor whose expanded values would take more memory than the file's %d bytes"
              .formatted(fileBytes));
    }
  }
}
