import java.net.HttpURLConnection;
import java.net.URI;

/** Asks for each URL by HttpURLConnection, and prints the answers. */
public class UrlConnection {
  public static void main(String[] urls) throws Exception {
    for (String url : urls) {
      HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
      try (var body = connection.getInputStream()) {
        body.transferTo(System.out);
      }
    }
    System.out.flush();
  }
}
