package dev.azimuth.tensor.file;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Writes tensors as a PyTorch checkpoint: the zip of {@code torch.save}, in which a dictionary has
 * the tensors under {@code state_dict}, in the order of their adding, and perhaps other values
 * beside it. PyTorch loads it with {@code weights_only=True}, too. Each tensor gets a storage of
 * its own. The same tensors in the same order give the same bytes.
 *
 * <p>PyTorch has no storages for U16, U32 and U64; those are refused. Source: {@code
 * torch/serialization.py} ({@code _save}) and {@code torch/_tensor.py} ({@code __reduce_ex__}).
 */
public final class PyTorchCheckpointWriter extends TensorWriter<PyTorchCheckpointWriter> {
  private static final String FOLDER = "archive/";
  private static final String STATE = "state_dict";

  private final Map<String, Consumer<PickleWriter>> values = new LinkedHashMap<>();

  /** Adds or replaces a text beside the tensors. */
  public PyTorchCheckpointWriter value(String key, String value) {
    checkText("value", value);
    return put(key, pickle -> pickle.text(value));
  }

  /** Adds or replaces an integer beside the tensors, such as {@code global_step}. */
  public PyTorchCheckpointWriter value(String key, long value) {
    return put(key, pickle -> pickle.integer(value));
  }

  /** Adds or replaces a number beside the tensors. */
  public PyTorchCheckpointWriter value(String key, double value) {
    return put(key, pickle -> pickle.number(value));
  }

  /** Adds or replaces a truth value beside the tensors. */
  public PyTorchCheckpointWriter value(String key, boolean value) {
    return put(key, pickle -> pickle.bool(value));
  }

  private PyTorchCheckpointWriter put(String key, Consumer<PickleWriter> value) {
    checkText("key", key);
    if (key.equals(STATE)) {
      throw new IllegalArgumentException("key '" + STATE + "': the name is reserved");
    }
    values.put(key, value);
    return this;
  }

  @Override
  PyTorchCheckpointWriter self() {
    return this;
  }

  @Override
  void check(String what, String name, ElementType type) {
    if (StorageType.of(type) == null) {
      throw new IllegalArgumentException(what + ": PyTorch checkpoints hold no " + type);
    }
  }

  @Override
  public void write(Path file) throws IOException {
    byte[] pickle = pickle();
    AtomicFile.write(file, out -> writeTo(out, pickle));
  }

  private void writeTo(OutputStream out, byte[] pickle) throws IOException {
    StoredZipWriter zip = new StoredZipWriter(out);
    add(zip, "data.pkl", pickle);
    add(zip, "byteorder", "little".getBytes(StandardCharsets.US_ASCII));
    int key = 0;
    for (Column column : columns()) {
      zip.add(FOLDER + "data/" + key++, column.bytes(), column.body());
    }
    add(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
    zip.finish();
  }

  private static void add(StoredZipWriter zip, String name, byte[] content) throws IOException {
    zip.add(FOLDER + name, content.length, out -> out.write(content));
  }

  private byte[] pickle() {
    PickleWriter pickle = new PickleWriter();
    pickle.emptyDict().mark().text(STATE);
    emptyOrderedDict(pickle).mark();
    int key = 0;
    for (Column column : columns()) {
      pickle.text(column.name());
      tensor(pickle, column, Integer.toString(key++));
    }
    pickle.setItems();
    values.forEach((name, value) -> value.accept(pickle.text(name)));
    return pickle.setItems().end();
  }

  private static PickleWriter emptyOrderedDict(PickleWriter pickle) {
    return pickle.global("collections", "OrderedDict").emptyTuple().reduce();
  }

  /** Calls for a tensor of storage, offset, extents, strides, requires_grad and hooks. */
  private static void tensor(PickleWriter pickle, Column column, String key) {
    StorageType type = Objects.requireNonNull(StorageType.of(column.type()));
    String storage = Objects.requireNonNull(type.storageClass());
    pickle.global("torch._utils", "_rebuild_tensor_v2").mark();
    pickle.mark().text("storage").global("torch", storage).text(key).text("cpu");
    pickle.integer(column.count()).tuple().persistent().integer(0).mark();
    for (int extent : column.shape()) {
      pickle.integer(extent);
    }
    pickle.tuple().mark();
    for (long stride : StridedTensor.rowMajor(column.shape())) {
      pickle.integer(stride);
    }
    pickle.tuple().bool(false);
    emptyOrderedDict(pickle).tuple().reduce();
  }
}
