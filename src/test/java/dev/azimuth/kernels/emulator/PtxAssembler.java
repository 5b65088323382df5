package dev.azimuth.kernels.emulator;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/** NVIDIA's PTX assembler inside JCuda's natives; it needs neither a driver nor a GPU. */
public final class PtxAssembler {
  private static final Pattern ENTRY = Pattern.compile("Compiling entry function '([^']+)'");
  private static final Pattern SPILLS =
      Pattern.compile(
          "(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads");
  private static final Pattern REGISTERS = Pattern.compile("Used (\\d+) registers");
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  private PtxAssembler() {}

  /**
   * What a kernel uses once assembled.
   *
   * @param registers per thread
   * @param stackBytes local memory per thread, spills among it
   * @param spillBytes stored and loaded for want of registers
   * @param sharedBytes static shared memory of a block
   * @param codeBytes machine code
   */
  public record Usage(
      int registers, int stackBytes, int spillBytes, int sharedBytes, int codeBytes) {}

  /**
   * What each kernel of a module uses.
   *
   * @param target such as {@code sm_80}
   * @throws IllegalArgumentException with the assembler's log where it refuses the text
   */
  public static synchronized Map<String, Usage> assemble(String ptx, String target) {
    byte[] text = ptx.getBytes(StandardCharsets.UTF_8);
    nvPTXCompilerHandle handle = new nvPTXCompilerHandle();
    check(JNvPTXCompiler.nvPTXCompilerCreate(handle, text.length, text));
    try {
      int status =
          JNvPTXCompiler.nvPTXCompilerCompile(
              handle, 2, new String[] {"--gpu-name=" + target, "--verbose"});
      if (status != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
        throw new IllegalArgumentException(errorLog(handle));
      }
      return usages(infoLog(handle), CubinSections.sizes(program(handle)));
    } finally {
      check(JNvPTXCompiler.nvPTXCompilerDestroy(handle));
    }
  }

  private static byte[] program(nvPTXCompilerHandle handle) {
    long[] size = {0};
    check(JNvPTXCompiler.nvPTXCompilerGetCompiledProgramSize(handle, size));
    byte[] program = new byte[(int) size[0]];
    check(JNvPTXCompiler.nvPTXCompilerGetCompiledProgram(handle, program));
    return program;
  }

  private static Map<String, Usage> usages(String log, Map<String, Long> sections) {
    Map<String, Usage> usages = new HashMap<>();
    String entry = "";
    int stack = 0;
    int spills = 0;
    for (String line : log.lines().toList()) {
      Matcher matcher = ENTRY.matcher(line);
      if (matcher.find()) {
        entry = matcher.group(1);
      }
      matcher = SPILLS.matcher(line);
      if (matcher.find()) {
        stack = Integer.parseInt(matcher.group(1));
        spills = Integer.parseInt(matcher.group(2)) + Integer.parseInt(matcher.group(3));
      }
      matcher = REGISTERS.matcher(line);
      if (matcher.find()) {
        int registers = Integer.parseInt(matcher.group(1));
        matcher = SHARED.matcher(line);
        int shared = matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
        int code = Math.toIntExact(sections.get(".text." + entry));
        usages.put(entry, new Usage(registers, stack, spills, shared, code));
      }
    }
    return usages;
  }

  private static String infoLog(nvPTXCompilerHandle handle) {
    long[] size = {0};
    check(JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(handle, size));
    byte[] log = new byte[(int) size[0] + 1];
    check(JNvPTXCompiler.nvPTXCompilerGetInfoLog(handle, log));
    return text(log);
  }

  private static String errorLog(nvPTXCompilerHandle handle) {
    long[] size = {0};
    check(JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(handle, size));
    byte[] log = new byte[(int) size[0] + 1];
    check(JNvPTXCompiler.nvPTXCompilerGetErrorLog(handle, log));
    return text(log);
  }

  private static String text(byte[] log) {
    return new String(log, StandardCharsets.UTF_8).replace("\0", "");
  }

  private static void check(int status) {
    if (status != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
      throw new IllegalStateException("the PTX compiler: " + nvPTXCompileResult.stringFor(status));
    }
  }
}
