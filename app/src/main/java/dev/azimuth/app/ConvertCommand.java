package dev.azimuth.app;

import dev.azimuth.diffusion.checkpoint.Checkpoint;
import dev.azimuth.diffusion.checkpoint.CheckpointLayout;
import dev.azimuth.diffusion.checkpoint.LayoutWriter;
import dev.azimuth.tensor.file.ElementType;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A model from one layout to another. */
@Command(
    name = "convert",
    description = "A model from any layout to any other; without --dtype no number changes.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class ConvertCommand implements Callable<Integer> {
  /** How weights are stored. */
  private enum Numbers {
    F32(ElementType.F32),
    F16(ElementType.F16),
    BF16(ElementType.BF16),
    SAME(null);

    private final @Nullable ElementType type;

    Numbers(@Nullable ElementType type) {
      this.type = type;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "A model's folder, a diffusers folder, a .ckpt or a .safetensors.")
  private Path in;

  @Parameters(index = "1", paramLabel = "OUT", description = "The new file or folder.")
  private Path out;

  @Option(
      names = "--to",
      paramLabel = "LAYOUT",
      description =
          "${COMPLETION-CANDIDATES} (default: by OUT's name, .ckpt, .safetensors or else azimuth).")
  private @Nullable CheckpointLayout to;

  @Option(
      names = "--dtype",
      defaultValue = "same",
      paramLabel = "f32|f16|bf16|same",
      description = "How weights are stored (default: ${DEFAULT-VALUE}).")
  private Numbers numbers;

  @Option(
      names = "--stack",
      description =
          "Split the published token into one of the image and one of the pose, which together give"
              + " the same output: where cross-attention can begin to learn. OUT is azimuth's.")
  private boolean isStacked;

  @Option(names = "--force", description = "Replace OUT if it is there.")
  private boolean isReplacing;

  @Mixin private CheckpointOptions options;

  @Override
  public Integer call() throws Exception {
    CheckpointLayout layout = to != null ? to : byName();
    if (isStacked && layout != CheckpointLayout.AZIMUTH) {
      throw new IllegalArgumentException(
          "--stack: the layout must be azimuth; " + layout + " has no place for two tokens");
    }
    try (Checkpoint opened = options.open(in);
        Progress progress = new Progress("tensors", opened.parameters().names().size())) {
      Checkpoint model = isStacked ? opened.stacked() : opened;
      List<String> notes =
          new LayoutWriter(layout, numbers.type, !options.isRaw())
              .write(model, out, isReplacing, (done, _) -> progress.to(done));
      notes.forEach(CheckpointOptions::tell);
    }
    System.out.printf("%s: %s%n", out, layout);
    return 0;
  }

  private CheckpointLayout byName() {
    String name = String.valueOf(out.getFileName()).toLowerCase(Locale.ROOT);
    if (name.endsWith(".ckpt")) {
      return CheckpointLayout.ZERO123_CKPT;
    }
    return name.endsWith(".safetensors") ? CheckpointLayout.SAFETENSORS : CheckpointLayout.AZIMUTH;
  }
}
