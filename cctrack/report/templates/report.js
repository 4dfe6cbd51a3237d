"use strict";
document.documentElement.classList.add("scripted");
document.addEventListener("input", (event) => {
  const control = event.target;
  if (control.matches(".split")) {
    const compare = control.closest(".compare");
    const earlier = compare.querySelector(".before figcaption").textContent;
    compare.style.setProperty("--at", `${control.value}%`);
    control.setAttribute("aria-valuetext", `${control.value} % of ${earlier}`);
  } else if (control.matches(".apart")) {
    control.closest(".sight").classList.toggle("side-by-side", control.checked);
  }
});
