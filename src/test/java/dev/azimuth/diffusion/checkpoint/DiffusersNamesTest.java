package dev.azimuth.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The names at the published sizes, against names that are known from the published files. */
final class DiffusersNamesTest {
  private static ModelConfig published() throws IOException {
    return Configuration.read(Path.of("../../models/full-size/config.json"), ModelConfig.class);
  }

  private static SequencedMap<String, Placement> placements(DiffusersFolder.Dialect dialect)
      throws IOException {
    return DiffusersFolder.placements(
        Zero123.parameterShapes(published()),
        published(),
        dialect,
        false,
        DiffusersAutoencoder.AttentionNames.NEW);
  }

  private static SequencedMap<String, Placement> placements() throws IOException {
    return placements(DiffusersFolder.Dialect.KXIC);
  }

  @ParameterizedTest
  @CsvSource({
    "model.diffusion_model.time_embed.2.bias, unet/time_embedding.linear_2.bias",
    "model.diffusion_model.input_blocks.0.0.weight, unet/conv_in.weight",
    "model.diffusion_model.input_blocks.1.0.in_layers.2.weight,"
        + " unet/down_blocks.0.resnets.0.conv1.weight",
    "model.diffusion_model.input_blocks.3.0.op.weight,"
        + " unet/down_blocks.0.downsamplers.0.conv.weight",
    "model.diffusion_model.input_blocks.5.0.emb_layers.1.bias,"
        + " unet/down_blocks.1.resnets.1.time_emb_proj.bias",
    "model.diffusion_model.input_blocks.4.0.skip_connection.weight,"
        + " unet/down_blocks.1.resnets.0.conv_shortcut.weight",
    "model.diffusion_model.input_blocks.8.1.transformer_blocks.0.attn2.to_out.0.bias,"
        + " unet/down_blocks.2.attentions.1.transformer_blocks.0.attn2.to_out.0.bias",
    "model.diffusion_model.input_blocks.11.0.out_layers.3.weight,"
        + " unet/down_blocks.3.resnets.1.conv2.weight",
    "model.diffusion_model.middle_block.1.proj_in.weight,"
        + " unet/mid_block.attentions.0.proj_in.weight",
    "model.diffusion_model.middle_block.2.out_layers.0.weight,"
        + " unet/mid_block.resnets.1.norm2.weight",
    "model.diffusion_model.output_blocks.2.1.conv.weight,"
        + " unet/up_blocks.0.upsamplers.0.conv.weight",
    "model.diffusion_model.output_blocks.5.2.conv.weight,"
        + " unet/up_blocks.1.upsamplers.0.conv.weight",
    "model.diffusion_model.output_blocks.6.1.transformer_blocks.0.ff.net.0.proj.weight,"
        + " unet/up_blocks.2.attentions.0.transformer_blocks.0.ff.net.0.proj.weight",
    "model.diffusion_model.output_blocks.11.1.norm.weight,"
        + " unet/up_blocks.3.attentions.2.norm.weight",
    "model.diffusion_model.out.2.bias, unet/conv_out.bias",
    "first_stage_model.encoder.down.1.block.0.nin_shortcut.weight,"
        + " vae/encoder.down_blocks.1.resnets.0.conv_shortcut.weight",
    "first_stage_model.encoder.down.2.downsample.conv.bias,"
        + " vae/encoder.down_blocks.2.downsamplers.0.conv.bias",
    "first_stage_model.encoder.mid.block_2.conv1.weight,"
        + " vae/encoder.mid_block.resnets.1.conv1.weight",
    "first_stage_model.decoder.up.3.block.0.norm1.weight,"
        + " vae/decoder.up_blocks.0.resnets.0.norm1.weight",
    "first_stage_model.decoder.up.3.upsample.conv.weight,"
        + " vae/decoder.up_blocks.0.upsamplers.0.conv.weight",
    "first_stage_model.decoder.mid.attn_1.proj_out.weight,"
        + " vae/decoder.mid_block.attentions.0.to_out.0.weight",
    "first_stage_model.decoder.mid.attn_1.norm.bias,"
        + " vae/decoder.mid_block.attentions.0.group_norm.bias",
    "first_stage_model.decoder.norm_out.weight, vae/decoder.conv_norm_out.weight",
    "first_stage_model.quant_conv.weight, vae/quant_conv.weight",
    "cond_stage_model.model.visual.conv1.weight,"
        + " image_encoder/vision_model.embeddings.patch_embedding.weight",
    "cond_stage_model.model.visual.positional_embedding,"
        + " image_encoder/vision_model.embeddings.position_embedding.weight",
    "cond_stage_model.model.visual.ln_pre.weight, image_encoder/vision_model.pre_layrnorm.weight",
    "cond_stage_model.model.visual.transformer.resblocks.23.mlp.c_proj.weight,"
        + " image_encoder/vision_model.encoder.layers.23.mlp.fc2.weight",
    "cond_stage_model.model.visual.proj, image_encoder/visual_projection.weight",
    "cc_projection.weight, cc_projection/projection.weight"
  })
  void publishedNames(String ours, String theirs) throws IOException {
    Placement placement = placements().get(ours);
    assertNotNull(placement, ours);
    assertEquals(List.of(theirs), placement.pieces().stream().map(Placement.Piece::name).toList());
  }

  @Test
  void queriesKeysAndValuesAreApart() throws IOException {
    String block = "image_encoder/vision_model.encoder.layers.3.self_attn.";
    Placement joined =
        placements()
            .get("cond_stage_model.model.visual.transformer.resblocks.3.attn.in_proj_weight");
    assertInstanceOf(Placement.Stacked.class, joined);
    assertEquals(
        List.of(
            new Placement.Piece(block + "q_proj.weight", Shape.of(1024, 1024)),
            new Placement.Piece(block + "k_proj.weight", Shape.of(1024, 1024)),
            new Placement.Piece(block + "v_proj.weight", Shape.of(1024, 1024))),
        joined.pieces());
  }

  /** As many tensors as the published files have: unet 686, vae 248, image_encoder 392. */
  @ParameterizedTest
  @EnumSource(DiffusersFolder.Dialect.class)
  void everyTensorOnce(DiffusersFolder.Dialect dialect) throws IOException {
    Map<String, Integer> counts = new HashMap<>();
    Set<String> names = new HashSet<>();
    for (Placement placement : placements(dialect).values()) {
      for (Placement.Piece piece : placement.pieces()) {
        assertTrue(names.add(piece.name()), piece.name());
        counts.merge(piece.name().substring(0, piece.name().indexOf('/')), 1, Integer::sum);
      }
    }
    assertEquals(Map.of("unet", 686, "vae", 248, "image_encoder", 392, dialect.part(), 2), counts);
  }

  @Test
  void projectionsOfTheDialects() throws IOException {
    assertEquals(
        "clip_camera_projection/proj.bias",
        placements(DiffusersFolder.Dialect.BENNYGUO)
            .get("cc_projection.bias")
            .pieces()
            .get(0)
            .name());
  }

  @Test
  void piecesAcceptLinearLayersAsConvolutions() {
    Placement.Piece linear = new Placement.Piece("x", Shape.of(6, 4));
    assertTrue(linear.accepts(Shape.of(6, 4, 1, 1)));
    assertTrue(new Placement.Piece("x", Shape.of(6, 4, 1, 1)).accepts(Shape.of(6, 4)));
    for (Shape wrong :
        List.of(Shape.of(4, 6), Shape.of(24), Shape.of(6, 4, 3, 3), Shape.of(6, 8))) {
      assertTrue(!linear.accepts(wrong), wrong::toString);
    }
    assertTrue(!new Placement.Piece("x", Shape.of(6)).accepts(Shape.of(6, 1)));
  }
}
