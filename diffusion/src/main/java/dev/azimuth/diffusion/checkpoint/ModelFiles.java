package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.StoredTensor;
import dev.azimuth.tensor.file.TensorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * The open files of a model, and which layout they are in. Opening reads names and shapes, no
 * tensor.
 *
 * <p>A folder is recognised by the files in it, a file by its first bytes and its tensors' names,
 * whatever it is called.
 */
public final class ModelFiles implements AutoCloseable {
  static final String CONFIG = "config.json";
  static final String WEIGHTS = "model.safetensors";

  /** Bytes read before files are mapped anew. */
  private static final long MOST_TOUCHED = 256 << 20;

  private final Path path;
  private final @Nullable CheckpointLayout layout;
  private final String reason;
  private final SequencedMap<String, TensorFile> parts;
  private final long mostTouched;
  private SequencedMap<String, StoredTensor> tensors;
  private long touched;

  private ModelFiles(
      Path path,
      @Nullable CheckpointLayout layout,
      String reason,
      SequencedMap<String, TensorFile> parts,
      long mostTouched) {
    this.mostTouched = mostTouched;
    this.path = path;
    this.layout = layout;
    this.reason = reason;
    this.parts = parts;
    this.tensors = index(parts);
  }

  private static SequencedMap<String, StoredTensor> index(SequencedMap<String, TensorFile> parts) {
    SequencedMap<String, StoredTensor> all = new LinkedHashMap<>();
    parts.forEach(
        (part, file) -> file.entries().forEach((name, tensor) -> all.put(part + name, tensor)));
    return Collections.unmodifiableSequencedMap(all);
  }

  /**
   * Opens what lies at a path.
   *
   * @throws FileFormatException if it is a folder of no known layout or with a part missing, or a
   *     file that isn't a sound file of tensors; a sound file of tensors is opened whatever these
   *     are
   */
  public static ModelFiles open(Path path) throws IOException {
    return open(path, MOST_TOUCHED);
  }

  /** Opens what lies at a path, to be mapped anew after so many bytes. */
  static ModelFiles open(Path path, long mostTouched) throws IOException {
    if (!Files.exists(path)) {
      throw new FileFormatException(path, "no such model: there is no such file or folder");
    }
    return Files.isDirectory(path) ? openFolder(path, mostTouched) : openFile(path, mostTouched);
  }

  private static ModelFiles openFile(Path path, long mostTouched) throws IOException {
    TensorFile file = TensorFiles.open(path);
    boolean isZero123 =
        file.names().stream().anyMatch(StateDict::isUNet) || StateDict.hasAverage(file.names());
    CheckpointLayout layout =
        TensorFiles.isSafeTensors(file)
            ? CheckpointLayout.SAFETENSORS
            : CheckpointLayout.ZERO123_CKPT;
    SequencedMap<String, TensorFile> parts = new LinkedHashMap<>();
    parts.put("", file);
    return new ModelFiles(path, isZero123 ? layout : null, reason(file), parts, mostTouched);
  }

  /** Why a file of tensors isn't a model, with what its names look like. */
  private static String reason(TensorFile file) {
    for (String name : file.names()) {
      if (name.startsWith("down_blocks.") || name.startsWith("vision_model.")) {
        return "one part of a diffusers folder; open the folder that holds it";
      }
    }
    return "not a Zero-1-to-3 model: no tensor's name begins with " + StateDict.UNET;
  }

  private static ModelFiles openFolder(Path folder, long mostTouched) throws IOException {
    if (Files.exists(folder.resolve(DiffusersFolder.INDEX))
        || Files.isDirectory(folder.resolve(DiffusersFolder.UNET))) {
      return openDiffusers(folder, mostTouched);
    }
    if (!Files.exists(folder.resolve(CONFIG))) {
      throw new FileFormatException(
          folder.resolve(CONFIG),
          "no such file; a model's folder holds it and %s, or %s and the parts that this names"
              .formatted(WEIGHTS, DiffusersFolder.INDEX));
    }
    SequencedMap<String, TensorFile> parts = new LinkedHashMap<>();
    if (Files.exists(folder.resolve(WEIGHTS))) {
      parts.put("", TensorFiles.open(folder.resolve(WEIGHTS)));
    }
    return new ModelFiles(folder, CheckpointLayout.AZIMUTH, "", parts, mostTouched);
  }

  private static ModelFiles openDiffusers(Path folder, long mostTouched) throws IOException {
    DiffusersFolder.Dialect dialect = dialect(folder);
    SequencedMap<String, TensorFile> parts = new LinkedHashMap<>();
    try {
      for (String part : dialect.parts()) {
        parts.put(part + "/", openPart(folder.resolve(part), part));
      }
    } catch (IOException | RuntimeException | Error e) {
      parts.values().forEach(TensorFile::close);
      throw e;
    }
    return new ModelFiles(folder, dialect.layout(), "", parts, mostTouched);
  }

  private static DiffusersFolder.Dialect dialect(Path folder) throws IOException {
    String kxic = DiffusersFolder.Dialect.KXIC.part();
    String bennyguo = DiffusersFolder.Dialect.BENNYGUO.part();
    boolean isKxic = Files.isDirectory(folder.resolve(kxic));
    boolean isBennyguo = Files.isDirectory(folder.resolve(bennyguo));
    if (isKxic == isBennyguo) {
      throw new FileFormatException(
          folder,
          "a diffusers folder of Zero-1-to-3 holds either %s or %s; this one has %s"
              .formatted(kxic, bennyguo, isKxic ? "both" : "neither"));
    }
    return isKxic ? DiffusersFolder.Dialect.KXIC : DiffusersFolder.Dialect.BENNYGUO;
  }

  private static TensorFile openPart(Path folder, String part) throws IOException {
    for (String name : DiffusersFolder.weightFiles(part)) {
      if (Files.exists(folder.resolve(name))) {
        return TensorFiles.open(folder.resolve(name));
      }
    }
    throw new FileFormatException(
        folder, "no weights; one of these was expected: " + DiffusersFolder.weightFiles(part));
  }

  /** What was opened. */
  public Path path() {
    return path;
  }

  /** The layout; null for a file of tensors that is none of the known. */
  public @Nullable CheckpointLayout layout() {
    return layout;
  }

  /**
   * The layout.
   *
   * @throws FileFormatException saying what the file looks like if it is in none
   */
  public CheckpointLayout requireLayout() throws FileFormatException {
    if (layout == null) {
      throw new FileFormatException(path, reason);
    }
    return layout;
  }

  /** The open files by part, {@code unet/} and so on; by the empty name if there is only one. */
  public SequencedMap<String, TensorFile> parts() {
    return Collections.unmodifiableSequencedMap(parts);
  }

  /** All tensors, each by its part and its name; {@link #tensor} is for reading many. */
  public SequencedMap<String, StoredTensor> tensors() {
    return tensors;
  }

  /**
   * A tensor that is read at once and not kept. The files are mapped, and what was read of a mapped
   * file counts as this process's memory until it is unmapped; so now and then they are opened
   * anew.
   *
   * @throws FileFormatException if there is none, or the file has changed meanwhile
   */
  StoredTensor tensor(String name) throws IOException {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new FileFormatException(path, "there is no tensor " + name);
    }
    long bytes = tensor.count() * tensor.type().bytes();
    if (touched > 0 && touched + bytes > mostTouched) {
      tensor = reopened(name, tensor);
    }
    touched += bytes;
    return tensor;
  }

  private StoredTensor reopened(String name, StoredTensor old) throws IOException {
    for (Map.Entry<String, TensorFile> part : parts.entrySet()) {
      TensorFile file = TensorFiles.open(part.getValue().file());
      part.getValue().close();
      part.setValue(file);
    }
    tensors = index(parts);
    touched = 0;
    StoredTensor tensor = tensors.get(name);
    if (tensor == null
        || tensor.type() != old.type()
        || !Arrays.equals(tensor.shape(), old.shape())) {
      throw new FileFormatException(path, "has changed while it was read");
    }
    return tensor;
  }

  /** The strings that stand beside the tensors of a single file. */
  public Map<String, String> metadata() {
    TensorFile single = parts.get("");
    return single == null ? Map.of() : single.metadata();
  }

  @Override
  public void close() {
    parts.values().forEach(TensorFile::close);
  }
}
