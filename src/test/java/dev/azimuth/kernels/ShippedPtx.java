package dev.azimuth.kernels;

import dev.azimuth.kernels.emulator.PtxAssembler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The PTX beside the launchers, and what they say of it. */
final class ShippedPtx {
  private static final Pattern ENTRY =
      Pattern.compile("\\.visible \\.entry (\\w+)\\(([^)]*)\\)\\s*((?:\\.\\w+ [^{]*)?)\\{");
  private static final Pattern PARAM = Pattern.compile("\\.param \\.(\\w+) ");
  private static final Pattern MAX_THREADS = Pattern.compile("\\.maxntid (\\d+), 1, 1");

  private static final Map<String, Map<String, PtxAssembler.Usage>> ASSEMBLED = new TreeMap<>();

  private ShippedPtx() {}

  /** What each kernel uses once assembled for a target, such as {@code sm_80}. */
  static synchronized Map<String, PtxAssembler.Usage> assembled(String target) {
    return ASSEMBLED.computeIfAbsent(
        target,
        _ -> {
          Map<String, PtxAssembler.Usage> usages = new TreeMap<>();
          texts().values().forEach(text -> usages.putAll(PtxAssembler.assemble(text, target)));
          return usages;
        });
  }

  /** Everything that launchers launch. */
  static List<KernelSpec> specs() {
    return Stream.of(
            Launch.SPECS,
            ElementwiseLauncher.SPECS,
            BinaryLauncher.SPECS,
            CopyLauncher.SPECS,
            ResampleLauncher.SPECS,
            ReduceLauncher.SPECS,
            SoftmaxLauncher.SPECS,
            NormLauncher.SPECS,
            MatmulLauncher.SPECS,
            ConvolutionLauncher.SPECS,
            AttentionLauncher.SPECS,
            OptimizerLauncher.SPECS)
        .flatMap(List::stream)
        .toList();
  }

  /** Each resource's text, by its name. */
  static Map<String, String> texts() {
    Map<String, String> texts = new TreeMap<>();
    for (KernelSpec spec : specs()) {
      texts.computeIfAbsent(spec.ptx(), ShippedPtx::text);
    }
    return texts;
  }

  private static String text(String name) {
    try (InputStream in = KernelSpec.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(name, e);
    }
  }

  /** The kernels of a text, as specs. */
  static Map<String, KernelSpec> kernels(String ptx, String text) {
    Map<String, KernelSpec> kernels = new LinkedHashMap<>();
    Matcher entry = ENTRY.matcher(text);
    while (entry.find()) {
      List<ParamType> params = new ArrayList<>();
      PARAM.matcher(entry.group(2)).results().forEach(m -> params.add(type(m.group(1))));
      Matcher threads = MAX_THREADS.matcher(entry.group(3));
      int blockSize = threads.find() ? Integer.parseInt(threads.group(1)) : 1024;
      String name = entry.group(1);
      kernels.put(name, new KernelSpec(ptx, name, blockSize, params));
    }
    return kernels;
  }

  /** A pointer and a 64-bit integer look alike; no kernel takes the latter. */
  private static ParamType type(String ptx) {
    return switch (ptx) {
      case "u64" -> ParamType.PTR;
      case "u32" -> ParamType.I32;
      case "f32" -> ParamType.F32;
      case "f64" -> ParamType.F64;
      default -> throw new AssertionError("a parameter of type " + ptx);
    };
  }

  /** Lines of the first texts that differ, for a message. */
  static String firstDifference(String wanted, String got) {
    String[] a = wanted.split("\n", -1);
    String[] b = got.split("\n", -1);
    int line = Arrays.mismatch(a, b);
    return line < 0
        ? "none"
        : "line %d: %s / %s"
            .formatted(line + 1, line < a.length ? a[line] : "", line < b.length ? b[line] : "");
  }
}
