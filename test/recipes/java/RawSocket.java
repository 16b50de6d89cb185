import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLSocketFactory;

/** Asks for each URL over a plain java.net.Socket, as a driver of a database would, and prints the answers. */
public class RawSocket {
  public static void main(String[] urls) throws Exception {
    for (String url : urls) {
      URI uri = URI.create(url);
      boolean tls = uri.getScheme().equals("https");
      try (Socket socket = new Socket(uri.getHost(), tls ? 443 : 80)) {
        Socket secured = tls ? secure(socket, uri.getHost()) : socket;
        String request = "GET " + uri.getPath() + " HTTP/1.1\r\nHost: " + uri.getHost() + "\r\nConnection: close\r\n\r\n";
        secured.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        String answer = new String(secured.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        System.out.print(answer.substring(answer.indexOf("\r\n\r\n") + 4));
      }
    }
    System.out.flush();
  }

  private static Socket secure(Socket socket, String host) throws Exception {
    return ((SSLSocketFactory) SSLSocketFactory.getDefault()).createSocket(socket, host, 443, true);
  }
}
