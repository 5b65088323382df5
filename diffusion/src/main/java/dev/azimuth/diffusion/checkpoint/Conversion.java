package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.StoredTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a model becomes in another layout: its tensors there, one at a time, and the strings and
 * configurations beside them. Without a change of type no number changes.
 */
final class Conversion {
  private final Checkpoint from;
  private final CheckpointLayout to;
  private final @Nullable ElementType type;
  private final boolean keepsAverage;
  private final List<String> notes = new ArrayList<>();

  /**
   * A conversion.
   *
   * @param type how floating-point weights are stored; as they are if null
   * @param keepsAverage whether a moving average goes along where the layout has a place for it
   */
  Conversion(
      Checkpoint from, CheckpointLayout to, @Nullable ElementType type, boolean keepsAverage) {
    this.from = from;
    this.to = to;
    this.type = type;
    this.keepsAverage = keepsAverage;
  }

  /** What is lost or changed on the way; a line each, complete after {@link #tensors}. */
  List<String> notes() {
    return notes;
  }

  /** The configuration that the model has there. */
  ModelConfig config() {
    ModelConfig config = from.config().withStoredWeights();
    if (!to.isDiffusers()) {
      return config;
    }
    if (config.autoencoder().embedDim() != config.autoencoder().zChannels()) {
      throw new IllegalArgumentException(
          to + ": diffusers' autoencoders have an embed_dim of z_channels; this one's differ");
    }
    if (config.pose() != PoseEncoding.ZERO123) {
      notes.add(to + " has no place for the pose's encoding; give --pose " + config.pose());
    }
    if (config.clipResize() != DiffusersFolder.Dialect.of(to).resizing()) {
      notes.add(
          "%s resizes views for CLIP %s; they were resized %s"
              .formatted(to, DiffusersFolder.Dialect.of(to).resizing(), config.clipResize()));
    }
    if (!config.sampling().equals(DiffusersConfig.SAMPLING)) {
      notes.add(to + " has no place for how a model samples by default; it becomes diffusers' way");
    }
    return config;
  }

  /** The strings beside the tensors of a single file. */
  Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    String step = from.files().metadata().get("global_step");
    if (step != null) {
      metadata.put("global_step", step);
    }
    metadata.put(Checkpoint.CONFIG_KEY, Configuration.format(from.config().withStoredWeights()));
    return metadata;
  }

  /** Every tensor that is to be written. */
  List<OutgoingTensor> tensors() {
    return from.layout().isSingleFile() && to.isSingleFile() ? copied() : placed();
  }

  /** The whole state dict as it is: both sets of the UNet's parameters and what lies beside. */
  private List<OutgoingTensor> copied() {
    Set<String> parameters = Zero123.parameterShapes(from.config()).keySet();
    List<OutgoingTensor> tensors = new ArrayList<>();
    int dropped = 0;
    for (StoredTensor tensor : from.files().tensors().values()) {
      String name = tensor.name();
      if (StateDict.isAverage(name) && !keepsAverage) {
        dropped++;
        continue;
      }
      boolean isWeight = parameters.contains(name) || StateDict.isAverage(name);
      ElementType stored = tensor.type();
      ElementType asked = type != null && isWeight && stored.isFloatingPoint() ? type : stored;
      tensors.add(
          new OutgoingTensor(
              name,
              Shape.of(tensor.shape()),
              asked,
              () ->
                  asked == stored
                      ? from.files().tensor(name).bytes()
                      : OutgoingTensor.rounded(name, from.files().tensor(name).floats(), asked)));
    }
    if (dropped > 0) {
      notes.add("left out: the moving average, %d tensors".formatted(dropped));
    }
    return tensors;
  }

  /** Each parameter in its place; the rest of a state dict has none. */
  private List<OutgoingTensor> placed() {
    ParameterSource parameters = from.parameters();
    SequencedMap<String, Shape> shapes = Zero123.parameterShapes(from.config());
    List<OutgoingTensor> tensors = new ArrayList<>();
    placements(shapes)
        .forEach(
            (ours, placement) -> {
              ElementType asked = type != null ? type : stored(parameters, ours);
              for (int i = 0; i < placement.pieces().size(); i++) {
                Placement.Piece piece = placement.pieces().get(i);
                int number = i;
                tensors.add(
                    new OutgoingTensor(
                        piece.name(),
                        piece.shape(),
                        asked,
                        () -> piece(placement, number, bytes(parameters, ours, asked), asked)));
              }
            });
    noteLeftOut();
    return tensors;
  }

  private SequencedMap<String, Placement> placements(SequencedMap<String, Shape> shapes) {
    if (to.isDiffusers()) {
      return DiffusersFolder.placements(
          shapes,
          from.config(),
          DiffusersFolder.Dialect.of(to),
          false,
          DiffusersAutoencoder.AttentionNames.NEW);
    }
    Placements placements = new Placements(shapes);
    shapes.keySet().forEach(name -> placements.same(name, name));
    return placements.all();
  }

  private static ElementType stored(ParameterSource parameters, String name) {
    return parameters instanceof TypedParameters typed ? typed.type(name) : ElementType.F32;
  }

  private static byte[] bytes(ParameterSource parameters, String name, ElementType asked)
      throws IOException {
    return parameters instanceof TypedParameters typed && typed.type(name) == asked
        ? typed.bytes(name)
        : OutgoingTensor.rounded(name, parameters.values(name), asked);
  }

  private static byte[] piece(Placement placement, int number, byte[] ours, ElementType type) {
    if (placement instanceof Placement.Same) {
      return ours;
    }
    List<byte[]> pieces = new ArrayList<>();
    for (Placement.Piece piece : placement.pieces()) {
      pieces.add(new byte[piece.shape().size() * type.bytes()]);
    }
    placement.scatter(ours, pieces, type.bytes());
    return pieces.get(number);
  }

  private void noteLeftOut() {
    if (!from.layout().isSingleFile()) {
      return;
    }
    Set<String> names = from.files().tensors().keySet();
    if (StateDict.hasAverage(names)) {
      notes.add(
          from.isAverage()
              ? "%s holds one set of the UNet's weights: the moving average, not the raw ones"
                  .formatted(to)
              : "%s holds one set of the UNet's weights: the raw ones, not the moving average"
                  .formatted(to));
    }
    long others =
        names.stream()
            .filter(name -> !StateDict.isAverage(name) && !from.parameters().names().contains(name))
            .count();
    if (others > 0) {
      notes.add(
          "%s has no place for schedule buffers and CLIP's text side: %d tensors left out"
              .formatted(to, others));
    }
  }
}
