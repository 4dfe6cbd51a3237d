"use strict";
document.querySelectorAll("[data-compare]").forEach((compare) => {
  const split = compare.querySelector(".split");
  const earlier = compare.querySelector(".before figcaption").textContent;
  const show = () => {
    compare.style.setProperty("--at", `${split.value}%`);
    split.setAttribute("aria-valuetext", `${split.value} % of ${earlier}`);
  };
  split.addEventListener("input", show);
  compare.classList.add("slider");
  show();
});
document.querySelectorAll(".needs-script").forEach((item) => { item.hidden = false; });
document.querySelectorAll(".scroll").forEach((box) => {
  if (box.scrollWidth > box.clientWidth) { box.tabIndex = 0; }
});
