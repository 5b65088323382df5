package dev.azimuth.tensor.file;

import dev.azimuth.tensor.file.Pickled.Compiled;
import dev.azimuth.tensor.file.Pickled.Dict;
import dev.azimuth.tensor.file.Pickled.Stub;
import dev.azimuth.tensor.file.Pickled.View;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A checkpoint that PyTorch wrote ({@code .ckpt}, {@code .pth}, {@code .pt}, {@code .bin}), mapped
 * into memory: a zip, or the legacy stream of PyTorch before 1.6.
 *
 * <p>Names: the tensors of the top-level {@code state_dict} if there is one, otherwise those of the
 * top-level dictionary itself; dictionaries within one are joined by dots, as long as their keys
 * are texts. A model that TorchScript compiled ({@code torch.jit.save}) is the dictionary of its
 * attributes, and so is each module in it; its code is not read. What lies under a top-level key
 * that begins with {@code optim} has no names. A file that is nothing but one tensor calls it
 * {@code tensor}. What a name stands for (a prefix, an average of weights) is the caller's
 * business. {@link #metadata} has the other plain values of the top level.
 *
 * <p>A checkpoint holds a pickle, which is a program. None of it is run: containers and tensors are
 * built by this package, any other class or function gives an inert stub, whatever is done to it. A
 * file that calls what could run code ({@code os.system}, {@code eval}) is an attack and is
 * refused, naming it. Everything that the file says about sizes is checked against its real size,
 * and opening takes no more memory than four times that and a megabyte; no tensor is touched.
 *
 * <p>Tensors of types without a counterpart here (complex, quantized, 8-bit floating-point) don't
 * hinder the others: {@link #entries} lacks them and {@link #entry} says why. The file must not be
 * shortened while it is open. Safe for use by several threads; {@link #close} unmaps it, after
 * which reading a tensor throws {@link IllegalStateException}. Source: {@code
 * torch/serialization.py}.
 */
public final class PyTorchCheckpoint implements TensorFile {
  private static final String STATE = "state_dict";
  private static final String OPTIMIZER = "optim";
  private static final String ONLY = "tensor";

  /** The deepest nesting of dictionaries whose tensors have names. */
  private static final int MAX_DEPTH = 16;

  private final Path file;
  private final Arena arena;
  private final MemoryBudget budget;
  private final SequencedMap<String, StoredTensor> entries = new LinkedHashMap<>();
  private final Map<String, String> unread = new HashMap<>();
  private final SequencedMap<String, String> metadata = new LinkedHashMap<>();

  private PyTorchCheckpoint(Path file, Arena arena, MemorySegment whole)
      throws FileFormatException {
    this.file = file;
    this.arena = arena;
    this.budget = new MemoryBudget(file, whole.byteSize());
    if (StoredZip.begins(whole)) {
      name(PyTorchArchive.read(file, whole, budget));
    } else if (PyTorchStream.begins(whole)) {
      name(PyTorchStream.read(file, whole, budget));
    } else {
      throw new FileFormatException(
          file, "not a PyTorch checkpoint: neither a zip nor a stream of pickles");
    }
  }

  /**
   * Opens a file.
   *
   * @throws FileFormatException if it is no sound checkpoint, holds no dictionary of tensors, or
   *     calls what could run code
   */
  @SuppressWarnings("MustBeClosedChecker") // close() closes the arena; so does a failure in here
  public static PyTorchCheckpoint open(Path file) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new PyTorchCheckpoint(file, arena, whole);
    } catch (IOException e) {
      arena.close();
      throw IoReason.cannotRead(file, e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Whether a file that begins with these bytes is a zip or a pickle. A safetensors file's length
   * may begin as a pickle does.
   */
  public static boolean matches(byte[] start) {
    MemorySegment bytes = MemorySegment.ofArray(start);
    return StoredZip.begins(bytes) || PyTorchStream.begins(bytes);
  }

  private void name(Object root) throws FileFormatException {
    switch (root) {
      case Dict top -> {
        nameAll("", top.get(STATE) instanceof Dict state ? state : top, 0);
        describe(top);
      }
      case Compiled model -> nameAll("", model.attributes(), 0);
      case View view -> name(ONLY, view);
      default ->
          throw new FileFormatException(
              file,
              "it holds %s where a dictionary of tensors is expected; save a model's state_dict()"
                  .formatted(PickledText.kind(root)));
    }
  }

  private void nameAll(String prefix, Dict dict, int depth) throws FileFormatException {
    for (Map.Entry<Object, Object> member : dict.members().entrySet()) {
      boolean optimizer = depth == 0 && isOptimizer(member.getKey());
      if (!(member.getKey() instanceof String key) || optimizer) {
        continue;
      }
      // one dictionary may hang in many places: each of them is paid for
      budget.take(2L * MemoryBudget.OBJECT + 2L * (prefix.length() + key.length()));
      String name = prefix + key;
      switch (member.getValue()) {
        case View view -> name(name, view);
        case Dict inner when depth < MAX_DEPTH -> nameAll(name + ".", inner, depth + 1);
        case Compiled inner when depth < MAX_DEPTH ->
            nameAll(name + ".", inner.attributes(), depth + 1);
        case Stub stub -> unread.put(name, "it is a " + stub + ", which is not read");
        default -> {}
      }
    }
  }

  private static boolean isOptimizer(Object key) {
    return key instanceof String text && text.startsWith(OPTIMIZER);
  }

  private void name(String name, View view) throws FileFormatException {
    budget.take(4L * MemoryBudget.MAP_ENTRY);
    ElementType element = view.type().element();
    if (element == null) {
      unread.put(name, "type " + view.type().dtype() + " is not read");
    } else if (entries.putIfAbsent(name, view.named(file, name, element)) != null) {
      throw new FileFormatException(file, "two tensors have the name " + Quoted.of(name));
    }
  }

  private void describe(Dict top) {
    PickledText text = new PickledText();
    for (Map.Entry<Object, Object> member : top.members().entrySet()) {
      String value = text.of(member.getValue());
      if (member.getKey() instanceof String key && value != null) {
        metadata.put(key, value);
      }
    }
  }

  /** The file that is open. */
  @Override
  public Path file() {
    return file;
  }

  /**
   * The top level's values that are no tensors and hold none, such as {@code global_step}: texts as
   * they are, numbers in digits, all else as JSON (True is {@code true}, None is {@code null}),
   * with objects and bytes as texts in angle brackets. Left out is what is nested deeper than
   * {@value PickledText#MAX_DEPTH} or no longer fits into {@value PickledText#MAX_LETTERS} letters
   * together.
   */
  @Override
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** All tensors by name, in the file's order. */
  @Override
  public SequencedMap<String, StoredTensor> entries() {
    return Collections.unmodifiableSequencedMap(entries);
  }

  /**
   * The tensor of that name.
   *
   * @throws FileFormatException if there is none, or it is of a type that is not read
   */
  @Override
  public StoredTensor entry(String name) throws FileFormatException {
    String reason = unread.get(name);
    if (reason != null) {
      throw new FileFormatException(file, "tensor " + Quoted.of(name) + ": " + reason);
    }
    return TensorFile.super.entry(name);
  }

  /** Unmaps the file. */
  @Override
  public void close() {
    arena.close();
  }
}
