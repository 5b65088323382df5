package dev.azimuth.app.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.file.TestFiles;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Configurations that no stored record has, by hand where the numbers are plain, else from a stored
 * record whose numbers say what the variant's must be.
 */
class ReplayVariantsTest {
  @TempDir Path folder;

  static Stream<Arguments> byHand() {
    return Stream.of(
        argumentSet("vectors", vectors()),
        argumentSet("matrix and vector", matrixAndVector()),
        argumentSet("softmax from the end", softmax()),
        argumentSet("more queries than keys", moreQueriesThanKeys()),
        argumentSet("more keys than queries", moreKeysThanQueries()),
        argumentSet("one index", oneIndex()),
        argumentSet("threefold", threefold()),
        argumentSet("overlapping windows", overlappingWindows()),
        argumentSet("nothing is square", nothingIsSquare()),
        argumentSet("no positions", noPositions()),
        argumentSet("other statistics", otherStatistics()),
        argumentSet("two cycles", twoCycles()),
        argumentSet("one picture twice", onePictureTwice()),
        argumentSet("an opposite", anOpposite()));
  }

  private static RecordFile vectors() {
    return RecordFile.of("matmul", "{}")
        .floats("input.a", shape(3), 1, 2, 3)
        .floats("input.b", shape(3), 4, 5, 6)
        .floats("output.y", shape(), 32)
        .floats("cotangent.y", shape(), 2)
        .floats("grad.input.a", shape(3), 8, 10, 12)
        .floats("grad.input.b", shape(3), 2, 4, 6);
  }

  private static RecordFile matrixAndVector() {
    return RecordFile.of("matmul", "{}")
        .floats("input.a", shape(2, 1, 2), 1, 2, 3, 4)
        .floats("input.b", shape(2), 10, 1)
        .floats("output.y", shape(2, 1), 12, 34);
  }

  private static RecordFile softmax() {
    float ln2 = (float) Math.log(2);
    float ln3 = (float) Math.log(3);
    return RecordFile.of("softmax", "{\"dim\": -2}")
        .floats("input.x", shape(1, 2, 2), 0, ln2, ln3, ln2)
        .floats("output.y", shape(1, 2, 2), 0.25f, 0.5f, 0.75f, 0.5f);
  }

  /** Equal scores, so that values are averaged over what a query sees. */
  private static RecordFile moreQueriesThanKeys() {
    return RecordFile.of("scaled_dot_product_attention", "{\"causal\": true}")
        .floats("input.q", shape(1, 1, 3, 1), 0, 0, 0)
        .floats("input.k", shape(1, 1, 2, 1), 5, -7)
        .floats("input.v", shape(1, 1, 2, 1), 2, 6)
        .floats("output.attn", shape(1, 1, 3, 2), 1, 0, 0.5f, 0.5f, 0.5f, 0.5f)
        .floats("output.out", shape(1, 1, 3, 1), 2, 4, 4);
  }

  private static RecordFile moreKeysThanQueries() {
    return RecordFile.of("scaled_dot_product_attention", "{\"causal\": true}")
        .floats("input.q", shape(1, 2, 1, 1), 3, -3)
        .floats("input.k", shape(1, 2, 2, 1), 5, -7, 1, 2)
        .floats("input.v", shape(1, 2, 2, 1), 2, 6, 8, 9)
        .floats("output.attn", shape(1, 2, 1, 2), 1, 0, 1, 0)
        .floats("output.out", shape(1, 2, 1, 1), 2, 8);
  }

  private static RecordFile oneIndex() {
    return RecordFile.of("embedding", "{\"num_embeddings\": 2, \"embedding_dim\": 3}")
        .longs("input.index", shape(), 1)
        .floats("weight.weight", shape(2, 3), 1, 2, 3, 4, 5, 6)
        .floats("output.y", shape(3), 4, 5, 6)
        .floats("cotangent.y", shape(3), 7, 8, 9)
        .floats("grad.weight.weight", shape(2, 3), 0, 0, 0, 7, 8, 9);
  }

  private static RecordFile threefold() {
    return RecordFile.of("upsample_nearest", "{\"scale_factor\": 3.0}")
        .floats("input.x", shape(1, 1, 1, 2), 1, 2)
        .floats("output.y", shape(1, 1, 3, 6), 1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2)
        .floats(
            "cotangent.y", shape(1, 1, 3, 6), 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 2)
        .floats("grad.input.x", shape(1, 1, 1, 2), 9, 4);
  }

  private static RecordFile overlappingWindows() {
    return RecordFile.of("avg_pool2d", "{\"kernel_size\": 2, \"stride\": 1}")
        .floats("input.x", shape(1, 1, 2, 3), 1, 2, 3, 4, 5, 6)
        .floats("output.y", shape(1, 1, 1, 2), 3, 4)
        .floats("cotangent.y", shape(1, 1, 1, 2), 4, 8)
        .floats("grad.input.x", shape(1, 1, 2, 3), 1, 3, 2, 1, 3, 2);
  }

  /** Rows 0 and 2 of a map with a row of zeros around it; of them pairs, one over the edge. */
  private static RecordFile nothingIsSquare() {
    return RecordFile.of(
            "conv2d",
            """
            {"in_channels": 1, "out_channels": 1, "kernel_size": [1, 2], "stride": [2, 1],
             "padding": [1, 0], "pad": [0, 1, 0, 0], "bias": true}\
            """)
        .floats("input.x", shape(1, 1, 2, 3), 1, 2, 3, 4, 5, 6)
        .floats("weight.weight", shape(1, 1, 1, 2), 1, 10)
        .floats("weight.bias", shape(1), 0.5f)
        .floats("output.y", shape(1, 1, 2, 3), 0.5f, 0.5f, 0.5f, 54.5f, 65.5f, 6.5f);
  }

  private static RecordFile noPositions() {
    return RecordFile.of("group_norm", "{\"num_groups\": 2, \"num_channels\": 4, \"eps\": 0}")
        .floats("input.x", shape(1, 4), 1, 3, -2, 2)
        .floats("weight.weight", shape(4), 1, 1, 5, 1)
        .floats("weight.bias", shape(4), 0, 0, 0, 7)
        .floats("output.y", shape(1, 4), -1, 1, -5, 8);
  }

  /** Of one column: resized to two rows and one column, corners aligned, so the rows stay. */
  private static RecordFile otherStatistics() {
    return RecordFile.of(
            "clip_preprocess", "{\"size\": [2, 1], \"mean\": [0.5, 0, 1], \"std\": [0.25, 1, 0.5]}")
        .floats(
            "input.image", shape(1, 3, 2, 3), 1, 9, 9, -1, 9, 9, 0, 9, 9, 1, 9, 9, 0, 9, 9, 1, 9, 9)
        .floats("output.pixels", shape(1, 3, 2, 1), 2, -2, 0.5f, 1, -1, 0);
  }

  private static RecordFile twoCycles() {
    return RecordFile.of(
            "lr_schedule",
            """
            {"scheduler": {"warm_up_steps": [2, 0], "cycle_lengths": [4, 10000000000000],
             "f_start": [0, 0], "f_max": [1, 2], "f_min": [0.5, 0]}}\
            """)
        .longs("input.step", shape(5), 0, 1, 3, 4, 5_000_000_000_004L)
        .floats("output.multiplier", shape(5), 0, 0.5f, 0.625f, 0.5f, 1);
  }

  /** Infinity is a number that must be met, and says nothing of the others. */
  private static RecordFile onePictureTwice() {
    return RecordFile.of("psnr", "{\"data_range\": 255}")
        .longs("input.a", shape(2, 1, 1, 2), 7, 9, 0, 255)
        .longs("input.b", shape(2, 1, 1, 2), 7, 9, 255, 0)
        .floats("output.mse", shape(2), 0, 255 * 255)
        .floats("output.psnr", shape(2), Float.POSITIVE_INFINITY, 0)
        .floats("output.mean", shape(), Float.POSITIVE_INFINITY);
  }

  private static RecordFile anOpposite() {
    return RecordFile.of("clip_score", "{\"w\": 2}")
        .floats("input.image", shape(2, 2), 3, 4, 1, 0)
        .floats("input.text", shape(2, 2), 0, 9, -1, 0)
        .floats("output.score", shape(2), 1.6f, 0)
        .floats("output.mean", shape(), 0.8f);
  }

  private static int[] shape(int... dims) {
    return dims;
  }

  @ParameterizedTest
  @MethodSource("byHand")
  void givesTheNumbersByHand(RecordFile record) throws IOException {
    requireReplays(record);
  }

  private void requireReplays(RecordFile file) throws IOException {
    ReplayRecord record = ReplayRecord.read(file.write(folder.resolve("variant.safetensors")));
    for (Backend backend : List.of(CpuBackend.scalar(1), CpuBackend.simd(2))) {
      try (backend) {
        List<ReplayComparison> all = Replay.of(record, ReplayKinds.of(record), backend);
        assertTrue(all.stream().allMatch(ReplayComparison::passes), all::toString);
      }
    }
  }

  @Test
  void seedsKeepTheirLow32Bits() throws IOException {
    for (String seed : List.of("7", "4294967303", "18446744069414584327", "-4294967289")) {
      requireReplays(
          RecordFile.of("randn", "{\"seed\": %s, \"shapes\": {\"z\": [3]}}".formatted(seed))
              .floats("output.z", shape(3), new TorchRandom(7).randn(3)));
    }
  }

  @Test
  void oneSampleWithoutGuidanceHasTheConditionAlone() throws IOException {
    RecordFile one =
        RecordFile.copyOf("zero123_condition--inference", name -> !name.startsWith("output.uc_"))
            .config("\"n_samples\": 2", "\"n_samples\": 1")
            .config("\"scale\": 3.0", "\"scale\": 1.0");
    ReplayRecord two =
        ReplayRecord.read(TestFiles.reference("zero123_condition--inference.safetensors"));
    for (String output : List.of("output.c_crossattn", "output.c_concat")) {
      ReplayRecord.Values both = two.tensor(output);
      int[] dims = both.shape().with(0, 1).toArray();
      float[] first = Arrays.copyOf(both.floats(), both.elements().length / 2);
      one.floats(output, dims, first);
    }
    requireReplays(one);
  }

  /** Guidance towards what one starts from changes nothing, whatever its scale. */
  @Test
  void guidanceWithoutDifferenceIsNone() throws IOException {
    RecordFile guided =
        RecordFile.copyOf("ddim--eta0.5-unguided", name -> true)
            .config("\"scale\": 1.0", "\"scale\": -2.5");
    ReplayRecord plain =
        ReplayRecord.read(TestFiles.reference("ddim--eta0.5-unguided.safetensors"));
    for (String input : List.of("c_crossattn", "c_concat")) {
      ReplayRecord.Values values = plain.tensor("input." + input);
      guided.floats("input.u" + input, values.shape().toArray(), values.floats());
    }
    requireReplays(guided);
  }

  @Test
  void aRecordThatComparesNothingIsRefused() throws IOException {
    for (RecordFile broken :
        List.of(
            RecordFile.of("silu", "{}").floats("input.x", shape(1), 0),
            RecordFile.copyOf("silu--range", name -> !name.startsWith("cotangent.")),
            RecordFile.copyOf("silu--range", name -> !name.startsWith("input.")),
            RecordFile.copyOf("silu--range", name -> true).metadata("tolerance", "2"),
            RecordFile.copyOf("silu--range", name -> true).metadata("tolerance", "small"))) {
      Path file = broken.write(folder.resolve("broken.safetensors"));
      IOException refusal = assertThrows(IOException.class, () -> ReplayRecord.read(file));
      assertTrue(refusal.getMessage().startsWith(file + ": "), refusal.getMessage());
      assertEquals(1, refusal.getMessage().lines().count());
    }
  }
}
