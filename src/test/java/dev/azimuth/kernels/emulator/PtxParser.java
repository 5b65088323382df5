package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.emulator.PtxKernel.Param;
import dev.azimuth.kernels.emulator.PtxKernel.Variable;
import dev.azimuth.kernels.emulator.PtxLexer.Token;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads a module: directives and variables; kernels are {@link KernelParser}'s. */
final class PtxParser {
  private final TokenReader tokens;
  private final Map<String, String> files = new HashMap<>();
  private final List<PtxKernel> kernels = new ArrayList<>();
  private final List<Variable> variables = new ArrayList<>();

  PtxParser(String text) {
    List<Token> all = PtxLexer.tokens(text);
    tokens = new TokenReader(all);
    for (int i = 0; i + 2 < all.size(); i++) {
      if (all.get(i).is(".file")) {
        String path = all.get(i + 2).text();
        path = path.substring(1, path.length() - 1);
        files.put(all.get(i + 1).text(), path.substring(path.lastIndexOf('/') + 1));
      }
    }
  }

  PtxModule module() {
    while (tokens.more()) {
      Token token = tokens.peek();
      switch (token.text()) {
        case ".version", ".target", ".address_size", ".file" -> tokens.skipLine();
        case ".section" -> {
          tokens.next();
          tokens.next();
          tokens.skipBraces();
        }
        case ".visible", ".weak", ".extern" -> tokens.next();
        case ".entry" -> kernels.add(kernel());
        case ".global", ".const", ".shared" -> variables.add(variable(tokens));
        default ->
            throw new PtxException(token.line(), "no directive of a module: " + token.text());
      }
    }
    return new PtxModule(List.copyOf(kernels), List.copyOf(variables));
  }

  private PtxKernel kernel() {
    tokens.expect(".entry");
    String name = tokens.next().text();
    List<Param> params = new ArrayList<>();
    if (tokens.take("(")) {
      int offset = 0;
      while (!tokens.take(")")) {
        Param param = param(offset);
        params.add(param);
        offset = param.offset() + param.type().bytes();
        tokens.take(",");
      }
    }
    int maxThreads = 1024;
    while (!tokens.peek().is("{")) {
      Token directive = tokens.next();
      switch (directive.text()) {
        case ".maxntid" -> {
          maxThreads = tokens.number();
          while (tokens.take(",")) {
            maxThreads *= tokens.number();
          }
        }
        case ".minnctapersm" -> tokens.next();
        default ->
            throw new PtxException(
                directive.line(), "no directive of a kernel: " + directive.text());
      }
    }
    return new KernelParser(tokens, files).kernel(name, params, maxThreads);
  }

  private Param param(int offset) {
    tokens.expect(".param");
    PtxType type = tokens.type();
    while (tokens.peek().text().startsWith(".")) {
      if (tokens.next().is(".align")) {
        tokens.next();
      }
    }
    Token name = tokens.next();
    if (tokens.peek().is("[")) {
      throw new PtxException(name.line(), "a parameter that is an array");
    }
    return new Param(name.text(), type, Math.ceilDiv(offset, type.bytes()) * type.bytes());
  }

  /** A declaration such as {@code .shared .align 4 .b8 tile[512];}. */
  static Variable variable(TokenReader tokens) {
    Token first = tokens.next();
    Space space = Space.valueOf(first.text().substring(1).toUpperCase(Locale.ROOT));
    int align = 0;
    if (tokens.take(".align")) {
      align = tokens.number();
    }
    PtxType type = tokens.type();
    String name = tokens.next().text();
    int count = 1;
    while (tokens.take("[")) {
      if (tokens.take("]")) {
        count = 0;
      } else {
        count *= tokens.number();
        tokens.expect("]");
      }
    }
    byte[] content = new byte[count * type.bytes()];
    if (tokens.take("=")) {
      ByteBuffer buffer = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
      boolean list = tokens.take("{");
      do {
        put(buffer, type, tokens.literal());
      } while (list && tokens.take(","));
      if (list) {
        tokens.expect("}");
      }
    }
    tokens.expect(";");
    return new Variable(space, name, Math.max(align, type.bytes()), content.length, content);
  }

  private static void put(ByteBuffer buffer, PtxType type, long bits) {
    switch (type.bytes()) {
      case 1 -> buffer.put((byte) bits);
      case 2 -> buffer.putShort((short) bits);
      case 4 -> buffer.putInt((int) bits);
      default -> buffer.putLong(bits);
    }
  }
}
