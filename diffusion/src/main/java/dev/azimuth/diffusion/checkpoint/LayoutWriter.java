package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.tensor.file.AtomicFolder;
import dev.azimuth.tensor.file.ElementType;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes models in a layout, a tensor at a time, whole or not at all. Without a change of type no
 * number changes.
 *
 * @param layout how they are laid out
 * @param type how weights are stored, F32, F16 or BF16; as they are if null
 * @param keepsAverage whether a moving average goes along where the layout has a place for it
 */
public record LayoutWriter(
    CheckpointLayout layout, @Nullable ElementType type, boolean keepsAverage) {

  /**
   * Writes a model.
   *
   * @param isReplacing whether an older file, or the folder of an older model, is replaced
   * @param progress told the tensors done and their number
   * @return what is lost or changed on the way, a line each
   * @throws FileAlreadyExistsException if something is in the way
   * @throws IllegalArgumentException if the layout, or the type, can't hold the model
   */
  public List<String> write(
      Checkpoint from, Path out, boolean isReplacing, BiConsumer<Integer, Integer> progress)
      throws IOException {
    requireRoom(out, isReplacing);
    Conversion conversion = new Conversion(from, layout, type, keepsAverage);
    ModelConfig config = conversion.config();
    List<OutgoingTensor> tensors = counted(conversion.tensors(), progress);
    switch (layout) {
      case ZERO123_CKPT -> TensorFiles.writeCheckpoint(out, tensors, conversion.metadata());
      case SAFETENSORS -> TensorFiles.writeSafeTensors(out, tensors, conversion.metadata());
      case AZIMUTH ->
          AtomicFolder.write(
              out,
              folder -> {
                TensorFiles.writeSafeTensors(folder.resolve(ModelFiles.WEIGHTS), tensors, Map.of());
                Configuration.write(folder.resolve(ModelFiles.CONFIG), config);
              });
      case DIFFUSERS_KXIC, DIFFUSERS_BENNYGUO ->
          AtomicFolder.write(out, folder -> writeDiffusers(folder, tensors, config));
    }
    return conversion.notes();
  }

  private void writeDiffusers(Path folder, List<OutgoingTensor> tensors, ModelConfig config)
      throws IOException {
    DiffusersFolder.Dialect dialect = DiffusersFolder.Dialect.of(layout);
    for (String part : dialect.parts()) {
      Path file = folder.resolve(part).resolve(DiffusersFolder.weightFiles(part).get(0));
      Files.createDirectory(folder.resolve(part));
      List<OutgoingTensor> own =
          tensors.stream()
              .filter(tensor -> tensor.name().startsWith(part + "/"))
              .map(tensor -> tensor.without(part + "/"))
              .toList();
      TensorFiles.writeSafeTensors(file, own, Map.of());
    }
    for (Map.Entry<String, Map<String, ?>> file :
        DiffusersFolder.configurations(config, dialect).entrySet()) {
      Path path = folder.resolve(file.getKey());
      Files.createDirectories(Objects.requireNonNull(path.getParent()));
      AtomicFile.writeString(path, Configuration.format(file.getValue()) + "\n");
    }
  }

  private void requireRoom(Path out, boolean isReplacing) throws IOException {
    if (!Files.exists(out)) {
      return;
    }
    if (!isReplacing) {
      throw new FileAlreadyExistsException(out.toString());
    }
    if (Files.isDirectory(out) && !layout.isSingleFile() && !isEmpty(out)) {
      // opening refuses, and says why, if it isn't a model's: a slip must not cost a home folder
      ModelFiles.open(out).close();
    }
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }

  /** The same tensors, which count themselves when they are read. */
  private static List<OutgoingTensor> counted(
      List<OutgoingTensor> tensors, BiConsumer<Integer, Integer> progress) {
    int[] done = {0};
    return tensors.stream()
        .map(
            tensor ->
                new OutgoingTensor(
                    tensor.name(),
                    tensor.shape(),
                    tensor.type(),
                    () -> {
                      byte[] bytes = tensor.content().bytes();
                      progress.accept(++done[0], tensors.size());
                      return bytes;
                    }))
        .toList();
  }
}
