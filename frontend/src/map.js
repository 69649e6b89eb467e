// A map without any outside service: the county shapes are ours (示意，不作划界依据), the points come from `data-map`,
// a GeoJSON address whose features may have `title`, `href`, `tone` and `note`.
import { Map as View, Marker, NavigationControl, Popup, setWorkerUrl } from "maplibre-gl";
import { english, t } from "./words.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const base = new URL("..", import.meta.url);

export async function enliven(box) {
  await sheet(new URL("maplibre.css", base));
  setWorkerUrl(new URL("maplibre-worker.js", base).href);
  const shapes = await (await fetch(box.dataset.shapes)).json();
  const place = document.createElement("div");
  place.className = "ground";
  let view;
  box.append(place);
  try {
    view = new View({
      container: place,
      style: { version: 8, sources: {}, layers: [] },
      bounds: bounds(shapes),
      fitBoundsOptions: { padding: 24 },
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      cooperativeGestures: true,
      locale: {
        "CooperativeGesturesHandler.WindowsHelpText": t("按住 Ctrl 滚动来缩放", "Hold Ctrl and scroll to zoom"),
        "CooperativeGesturesHandler.MacHelpText": t("按住 ⌘ 滚动来缩放", "Hold ⌘ and scroll to zoom"),
        "CooperativeGesturesHandler.MobileHelpText": t("用两指移动地图", "Move the map with two fingers"),
      },
    });
  } catch {
    // No WebGL on this device: the list below the map says the same.
    place.remove();
    box.dataset.failed = "1";
    return;
  }
  view.addControl(new NavigationControl({ showCompass: false }), "top-right");
  await view.once("load");
  box.dataset.ready = "1";
  view.addSource("shapes", { type: "geojson", data: shapes });
  view.addLayer({ id: "ground", type: "background", paint: { "background-color": colour("sunken") } });
  view.addLayer({ id: "shapes", type: "fill", source: "shapes", paint: { "fill-color": colour("surface") } });
  view.addLayer({ id: "edges", type: "line", source: "shapes", paint: { "line-color": colour("line-strong"), "line-width": 1 } });
  for (const { properties } of shapes.features) {
    const label = document.createElement("span");
    label.className = "name";
    label.textContent = english() ? properties.name_en : properties.name;
    new Marker({ element: label, anchor: "bottom", offset: [0, -8] }).setLngLat(properties.cp).addTo(view);
  }
  if (box.dataset.map) await points(view, box.dataset.map);
}

async function points(view, url) {
  const data = await (await fetch(url, { headers: { Accept: "application/json" } })).json();
  view.addSource("points", { type: "geojson", data, cluster: true, clusterRadius: 36 });
  const tone = ["match", ["get", "tone"], "late", colour("seal"), "soon", colour("ochre"), "done", colour("jade"), colour("brand")];
  view.addLayer({
    id: "points",
    type: "circle",
    source: "points",
    paint: {
      "circle-color": ["case", ["has", "point_count"], colour("brand"), tone],
      "circle-radius": ["case", ["has", "point_count"], ["min", 26, ["+", 9, ["sqrt", ["get", "point_count"]]]], 7],
      "circle-stroke-width": 2,
      "circle-stroke-color": colour("surface"),
    },
  });
  view.on("click", "points", async (event) => {
    const [{ geometry, properties }] = event.features;
    if (properties.cluster) {
      const zoom = await view.getSource("points").getClusterExpansionZoom(properties.cluster_id);
      view.easeTo({ center: geometry.coordinates, zoom });
      return;
    }
    const words = document.createElement("div");
    const title = document.createElement(properties.href ? "a" : "b");
    title.textContent = properties.title ?? "";
    // Only an address of our own: the points may come from a system outside.
    if (properties.href && new URL(properties.href, location.href).origin === location.origin) title.href = properties.href;
    words.append(title);
    if (properties.note) words.append(document.createElement("br"), properties.note);
    new Popup({ maxWidth: "18rem" }).setLngLat(geometry.coordinates).setDOMContent(words).addTo(view);
  });
  view.on("mouseenter", "points", () => (view.getCanvas().style.cursor = "pointer"));
  view.on("mouseleave", "points", () => (view.getCanvas().style.cursor = ""));
}

function bounds(shapes) {
  const box = [180, 90, -180, -90];
  const walk = (c) => {
    if (typeof c[0] === "number") {
      box[0] = Math.min(box[0], c[0]);
      box[1] = Math.min(box[1], c[1]);
      box[2] = Math.max(box[2], c[0]);
      box[3] = Math.max(box[3], c[1]);
    } else c.forEach(walk);
  };
  for (const feature of shapes.features) walk(feature.geometry.coordinates);
  return box;
}

const sheet = (url) =>
  new Promise((done) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = url.href;
    link.onload = link.onerror = done;
    document.head.append(link);
  });
